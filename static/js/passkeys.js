// Passkeys: what the server asks for, given to the browser, and its answer posted. The forms show only where it can.

const decoded = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), letter => letter.charCodeAt(0));
const encoded = buffer =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const keys = list => list?.map(key => ({ ...key, id: decoded(key.id) }));

function create({ publicKey }) {
  const user = { ...publicKey.user, id: decoded(publicKey.user.id) };
  // Kept by the device and asked for its lock, so that it signs in without a name and a password, too.
  const authenticatorSelection = { residentKey: "required", requireResidentKey: true, userVerification: "required" };
  const excludeCredentials = keys(publicKey.excludeCredentials);
  const challenge = decoded(publicKey.challenge);
  return navigator.credentials.create({
    publicKey: { ...publicKey, user, challenge, excludeCredentials, authenticatorSelection },
  });
}

function get({ publicKey }) {
  const allowCredentials = keys(publicKey.allowCredentials);
  return navigator.credentials.get({
    publicKey: { ...publicKey, challenge: decoded(publicKey.challenge), allowCredentials },
  });
}

function written(credential) {
  const { id, rawId, type, authenticatorAttachment, response } = credential;
  const fields = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const told = fields.filter(name => response[name]).map(name => [name, encoded(response[name])]);
  const transports = response.getTransports?.();
  return JSON.stringify({
    id,
    rawId: encoded(rawId),
    type,
    authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { ...Object.fromEntries(told), ...(transports ? { transports } : {}) },
  });
}

async function options(form) {
  const there = form.querySelector("#passkey-options");
  if (there) return JSON.parse(there.textContent);
  const answer = await fetch(form.action, { headers: { "X-Requested-With": "XMLHttpRequest" } });
  return answer.json();
}

async function go(form) {
  const failed = form.querySelector("[data-passkey-failed]");
  failed.hidden = true;
  try {
    const asked = await options(form);
    const credential = await (form.dataset.passkey === "create" ? create(asked.creation_options) : get(asked.request_options));
    form.elements.credential.value = written(credential);
  } catch {
    failed.hidden = false;
    return;
  }
  form.submit();
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.querySelector("[data-passkey-go]").addEventListener("click", () => go(form));
  }
}
