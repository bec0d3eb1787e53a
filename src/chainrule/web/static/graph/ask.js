// Asking the server for the graph: at most one question is on its way, and behind it waits only the newest.

import { batch, effect } from "../vendor/preact.js";
import { isAbort, post } from "../lib/api.js";
import { lang } from "../lib/words.js";
import { answer, expression, problem, values } from "./state.js";

const TYPING = 120; // milliseconds between the last letter and the question
const FORGIVING = 500; // before a half typed expression is called wrong

let onItsWay = null;
let waiting = null;
let typing = 0;
let complaint = 0;

/** Follow the expression, its values and the language. @returns {() => void} to stop */
export function follow() {
  return effect(() => {
    const question = { expression: expression.value, values: values.value, lang: lang.value };
    clearTimeout(typing);
    if (question.expression === "") return;
    const asked = answer.peek()?.asked;
    const isTyped = asked && asked.expression !== question.expression && asked.lang === question.lang;
    if (isTyped) typing = setTimeout(ask, TYPING, question);
    else ask(question);
  });
}

function ask(question) {
  waiting = question;
  // Numbers that are on their way are still worth showing while a slider moves; another graph is not.
  if (onItsWay && (onItsWay.expression !== question.expression || onItsWay.lang !== question.lang)) {
    onItsWay.controller.abort();
  }
  if (!onItsWay) askAll();
}

async function askAll() {
  while (waiting) {
    onItsWay = { ...waiting, controller: new AbortController() };
    const question = waiting;
    waiting = null;
    try {
      const content = await post("graph", question, { signal: onItsWay.controller.signal });
      clearTimeout(complaint);
      batch(() => {
        answer.value = { ...content, asked: question };
        problem.value = null;
      });
    } catch (error) {
      if (!isAbort(error) && !waiting) complain(error, question);
    }
  }
  onItsWay = null;
}

/** A sentence about something that is still being typed comes late; once there, it follows the typing. */
function complain(error, question) {
  clearTimeout(complaint);
  const show = () => {
    problem.value = Object.assign(error, { asked: question });
  };
  if (problem.peek()) show();
  else complaint = setTimeout(show, answer.peek() ? FORGIVING : 0);
}
