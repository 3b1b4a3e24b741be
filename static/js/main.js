// Wires the page together: frames from the server go to the model and the views, what the person does goes to the server.

import { refusal } from "./allowance.js";
import { Announcer } from "./announcer.js";
import { afterChanges, choose, chosen, inTurn, show } from "./beginning.js";
import { Connection } from "./connection.js";
import { isFinal } from "./conversation.js";
import { listenForCopies } from "./copy.js";
import { listenForDrawer } from "./drawer.js";
import { allowance, composer, conversation } from "./field.js";
import { listenForKeys } from "./keys.js";
import { listenOnDemand } from "./on_demand.js";
import { page, say } from "./page.js";
import { begun, entitle, keptAt, setMark } from "./room.js";
import { Sidebar } from "./sidebar.js";
import { Thread } from "./thread.js";

const OPEN_AGAIN_MS = 2000;
const announcer = new Announcer();
const thread = new Thread();
const sidebar = new Sidebar(page.conversation);
const announce = (words) => announcer.say(words);
const connection = new Connection(conversation, { onframe: receive, onopen: resume });
let timing = null; // its module comes with the first letter that is typed, or is sent
let timingComes = null;
const VERBS = new Set(["again", "continue", "choose", "erase"]);
let hasUnseen = false;
let earlier = null;

const handlers = {
  sent(frame) {
    const { conversation: talk, message, reply, client_id: clientId } = frame;
    const now = conversation.id ? undefined : chosen();
    if (now) choose(null);
    const asked = conversation.sent(frame);
    if (now && JSON.stringify(now) !== JSON.stringify(asked?.parameters)) inTurn(() => catchUp(now, asked?.parameters));
    timed((one) => one.named(clientId, reply));
    if (asked?.branch) thread.addEdited(asked, message);
    thread.confirm(clientId, message, frame.text);
    if (frame.beside) thread.addBeside(frame);
    thread.addReply(reply);
    conversation.keep(thread.unfinished.map(([one]) => one));
    composer.forget(clientId, frame.draft);
    begun(talk);
    sidebar.put(talk, { isCurrent: true });
    keptAt({ archived: false });
    connection.follow(conversation.cursors());
  },
  refused(frame) {
    notSent(frame, refusal(frame));
    if (frame.code === "trashed") keptAt({ trashed: true });
    if (frame.code === "stale" || frame.code === "busy") connection.send(conversation.openFrame());
    askForLimits(); // the page believed that it could be sent
  },
  limits({ limits }) {
    allowance.take(limits);
    composer.weigh();
    showMeters();
  },
  error({ about, code, detail }) {
    if (about === "open" && code === "unavailable") setTimeout(() => connection.send(conversation.openFrame()), OPEN_AGAIN_MS);
    else if (about === "send") for (const { client_id } of conversation.outbox) notSent({ client_id, code: "busy" }, detail || say("not_sent"));
    else if (about === "draft") composer.failed();
    else if (VERBS.has(about) && code === "not_found") missing(about);
    else if (code !== "malformed" && about !== "timing") composer.complain(detail);
  },
  branch(frame) {
    if (frame.conversation !== conversation.id) return;
    thread.turn(frame);
    turned();
  },
  messages(frame) {
    const { html, whole, title: name, remembered_from: oldest } = frame;
    if (whole) thread.turn({ ...frame, parent: null });
    else thread.insert(html);
    thread.tell(frame.siblings);
    if (oldest !== undefined) thread.forgetAbove(oldest);
    for (const { client_id: clientId } of conversation.outbox.filter((frame) => thread.isHere(frame.client_id))) {
      conversation.answered(clientId);
      composer.forget(clientId);
    }
    conversation.isBehind = false;
    if (name) entitle(name);
    turned();
  },
  draft(frame) {
    composer.take(frame);
  },
  drafted(frame) {
    composer.draft.heard(frame);
  },
  title({ conversation: id, title: name }) {
    sidebar.retitle(id, name);
    if (id === conversation.id) entitle(name);
  },
  changed({ conversation: id, title: name, url, folder }) {
    const isCurrent = id === conversation.id;
    sidebar.put({ id, title: name, url, folder }, { isCurrent });
    if (isCurrent) keptAt({ archived: false });
    if (isCurrent && !conversation.isBusy) connection.send(conversation.openFrame());
  },
  shelved({ conversations, now }) {
    const isGone = now.tag?.name === null && sidebar.wanted === `?tag=${now.tag.id}`;
    sidebar.show(isGone ? "" : sidebar.wanted).catch(() => {}); // the next one tries again
    if (conversations.includes(conversation.id)) keptAt(now);
  },
};

function receive(frame) {
  if (handlers[frame.type]) handlers[frame.type](frame);
  else if (frame.reply && conversation.accept(frame)) event(frame);
  update();
}

function event(frame) {
  thread.show(frame);
  timed((one) => one.event(frame));
  announcer.follow(frame.reply);
  if (frame.type === "started") announcer.say(say("announce_started"));
  if (!isFinal(frame.type)) return;
  thread.finished(frame.reply);
  announcer.end(frame.detail || say("announce_done"));
  hasUnseen = document.hidden;
  if (allowance.isCounted) askForLimits();
}

function bringTiming() {
  timingComes ??= import("./timing.js").then(({ Timing }) => (timing = new Timing((frame) => connection.send(frame))));
}

// What is left stands in the person's menu where it is counted, or was until now.
function showMeters() {
  if (!allowance.isCounted && !document.querySelector("[data-meter]:not([hidden])")) return;
  import("./meters.js").then(({ show }) => show(allowance), () => {}); // the next limits try again
}

// What happens before the module is here reaches it in order.
function timed(act) {
  if (timing) act(timing);
  else timingComes?.then(act, () => {});
}

function askForLimits() {
  connection.send({ type: "limits" });
}

function send(text, clientId, more = {}) {
  const at = performance.now();
  bringTiming();
  timed((one) => one.pressed(clientId, at));
  const frame = Object.assign(conversation.begin(clientId, text), more);
  afterChanges(() => {
    if (!conversation.id) frame.parameters = chosen();
    connection.send(frame); // on its way while the page is laid out
  });
  thread.addPending(clientId, frame.text);
  update();
}

// What was chosen while the message was on its way that began the conversation.
async function catchUp(now, before) {
  const module = await import("./parameters.js").catch(() => null);
  if (module) await module.catchUp(now, before, { conversation, composer });
  else composer.complain(say("not_reached"));
}

// Other articles are shown than before.
function turned() {
  conversation.newest = thread.newest;
  const shown = thread.unfinished;
  conversation.keep(shown.map(([reply]) => reply));
  for (const [reply, cursor] of shown) conversation.follow(reply, cursor);
  connection.follow(conversation.cursors());
  showEarlier();
}

// What it was about is gone: what is there instead?
function missing(about) {
  for (const { type, client_id: clientId, onrefused } of conversation.outbox) {
    if (type === about) conversation.answered(clientId) && onrefused?.("");
  }
  connection.send(conversation.openFrame());
}

async function showEarlier() {
  if (earlier || thread.hasEarlier) (earlier ??= new (await import("./earlier.js")).Earlier(thread, conversation)).watch();
}

function stop() {
  for (const reply of conversation.unfinished) {
    thread.stopping(reply);
    connection.send({ type: "stop", reply });
  }
}

// Loading, reconnecting and waking up are the same: say what is here, and send again what was not confirmed.
function resume({ limits }) {
  if (limits) handlers.limits({ limits });
  thread.expectAll();
  if (conversation.id) connection.send(conversation.openFrame());
  for (const frame of conversation.outbox) afterChanges(() => connection.send(frame));
  composer.resume();
}

// The page believes that nothing can be sent now. It says so, and asks whether that still holds.
function insist() {
  announcer.say(allowance.notice);
  askForLimits();
}

function notSent(frame, reason) {
  const { client_id: clientId, incident } = frame;
  const said = conversation.answered(clientId);
  if (said?.onrefused) return said.onrefused(reason, incident);
  if (VERBS.has(frame.about)) return composer.complain(reason);
  thread.removePending(clientId);
  if (!composer.refused(frame, reason) && said) composer.giveBack(said.text, clientId, reason, incident);
}

function update() {
  const mayStart = !conversation.isBusy && !conversation.isBehind && connection.isOpen;
  composer.wait({ sending: conversation.isBusy, writing: conversation.isWriting, mayStart });
  setMark(conversation.isBusy ? "… " : hasUnseen ? "● " : "");
}

for (const [reply, cursor] of thread.unfinished) conversation.follow(reply, cursor);
listenForDrawer();
listenForCopies(announce);
listenForKeys(announce);
listenOnDemand({ conversation, thread, sidebar, connection, composer, announce, receive, update });
if (!conversation.id && chosen()) show(chosen());
showEarlier();
showMeters();
document.addEventListener("input", bringTiming, { once: true });
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) hasUnseen = false;
  if (!document.hidden && allowance.isRefused) askForLimits();
  update();
});
if (composer.draftClientId && thread.isHere(composer.draftClientId)) composer.dropDraft();
document.addEventListener("submit", ({ target }) => target.matches('[action="/accounts/logout/"]') && addEventListener("pagehide", () => sessionStorage.clear()));
addEventListener("load", () => setTimeout(() => navigator.serviceWorker?.register("/sw.js").catch(() => {}), OPEN_AGAIN_MS));
connection.start();
update();
composer.serve({ onsend: send, onstop: stop, onrefuse: insist, onlook: update, announce, say: (frame) => connection.send(frame) });
