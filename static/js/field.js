// What one types in is wired first: it needs a third of the modules. The rest of the page, main.js, goes on from here.

import { Allowance } from "./allowance.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { page } from "./page.js";

export const conversation = new Conversation(page);
export const allowance = new Allowance(page.limits);
export const composer = new Composer({ conversation, known: page.draft, allowance });
