// The run that the server trains: where it stands, and what has happened to it since it began.
//
// Events have numbers; whatever was missed is asked for with ?since=. A stream is open only while a run is alive and the
// page is seen: a browser gives one host six connections, and a seventh tab would wait for ever.

import { batch, computed, signal } from "../vendor/preact.js";
import { get, post, withParams } from "../lib/api.js";

const NO_RUN = { id: null, status: "none", settings: null, folder: null, error: null };
const MOST_POINTS = 4000; // of the curve of mini-batches; then every second one is left out
const MS_LIVE = 300; // between two questions where there is no stream
const MS_QUIET = 3000; // another tab, or the command line's page, may start a run

/** What can be chosen; null until it is known. */
export const about = signal(null);
/** Where the run stands. */
export const run = signal(NO_RUN);
/** Mean losses of mini-batches: {step, loss}. */
export const steps = signal([]);
export const epochs = signal([]);
/** The last look at the gradients, null before the first. */
export const flow = signal(null);
/** Runs of the folder that are over. */
export const earlier = signal([]);
/** What the server refused, or null. */
export const refusal = signal(null);
/** Whether the server does not answer. */
export const isLost = signal(false);
/** Whether the first answer is there. */
export const isKnown = signal(false);

export const isAlive = computed(() => ["preparing", "running", "paused"].includes(run.value.status));

let last = 0; // number of the last event
let isWaitingToStep = false; // a run was begun for a single step
let asking = ""; // what the server has not answered yet: a second click changes nothing
let look = () => {};

/** Follow the run until the returned function is called. */
export function watch() {
  let stream = null;
  let timer = 0;
  let isOver = false;
  let turn = 0;

  const isSeen = () => document.visibilityState === "visible" && !isOver;

  function close() {
    stream?.close();
    stream = null;
  }

  async function lookNow() {
    clearTimeout(timer);
    if (!isSeen()) return close();
    turn += 1;
    const mine = turn;
    try {
      await catchUp();
      isLost.value = false;
    } catch {
      isLost.value = true;
      close();
    }
    if (mine !== turn || !isSeen()) return undefined;
    if (isAlive.peek() && !isLost.peek() && !stream) open();
    if (!stream) timer = setTimeout(lookNow, isAlive.peek() && !isLost.peek() ? MS_LIVE : MS_QUIET);
    return undefined;
  }

  function open() {
    const opened = new EventSource(withParams("run/stream", { since: last }));
    stream = opened;
    opened.onmessage = ({ data }) => {
      fold(JSON.parse(data));
      if (isAlive.peek()) return;
      close();
      lookNow();
    };
    const leave = () => {
      if (stream !== opened) return;
      close();
      timer = setTimeout(lookNow, MS_LIVE);
    };
    opened.addEventListener("end", leave); // the server says good-bye
    opened.onerror = () => opened.readyState === EventSource.CLOSED && leave(); // else the browser tries again
  }

  document.addEventListener("visibilitychange", lookNow);
  look = lookNow;
  lookNow();
  loadEarlier();
  return () => {
    isOver = true;
    clearTimeout(timer);
    close();
    document.removeEventListener("visibilitychange", lookNow);
  };
}

async function catchUp() {
  const now = await get("run");
  take(now);
  fold((await get("run/log", { since: last })).events);
  isKnown.value = true;
}

function take(now) {
  batch(() => {
    const before = run.peek();
    if (now.id !== before.id) forget();
    run.value = now.id === before.id ? { ...now, rate: now.rate ?? before.rate } : now;
  });
}

function forget() {
  last = 0;
  steps.value = [];
  epochs.value = [];
  flow.value = null;
  loadEarlier();
}

/** Ask for the runs that are over. */
export async function loadEarlier() {
  try {
    earlier.value = await get("runs");
  } catch {
    earlier.value = []; // the curves of now are seen without them
  }
}

/** Take in what has happened. @param {Record<string, any>[]} events in order; those that are known already are left out */
export function fold(events) {
  batch(() => {
    for (const event of events) {
      if (event.n > last) KINDS[event.kind]?.(event);
      last = Math.max(last, event.n);
    }
  });
  stepIfWaited();
}

function stepIfWaited() {
  if (isWaitingToStep && !asking && run.peek().status === "paused") order("step");
}

const KINDS = {
  status({ n, kind, ...now }) {
    take(now);
  },
  steps({ step, loss, rate }) {
    const known = steps.peek();
    const kept = known.length < MOST_POINTS ? known : known.filter((_, at) => at % 2 === 1);
    steps.value = [...kept, { step, loss }];
    run.value = { ...run.peek(), step, rate };
  },
  epoch({ n, kind, ...epoch }) {
    epochs.value = [...epochs.peek(), epoch];
    run.value = { ...run.peek(), epoch: epoch.epoch };
  },
  flow(event) {
    flow.value = event;
  },
};

/** Begin a run. @param {Record<string, unknown>} settings @param {{paused?: boolean}} [how] */
export async function start(settings, { paused = false } = {}) {
  await asked("start", () => post("run/start", { settings, paused }));
}

/** Take a single step, in a new run where none is alive. @param {Record<string, unknown>} settings of the new one */
export async function stepOnce(settings) {
  if (isAlive.peek()) return order("step");
  isWaitingToStep = true;
  return start(settings, { paused: true });
}

/** Have the run do something. @param {"pause" | "continue" | "step" | "stop" | "reset"} what */
export async function order(what) {
  isWaitingToStep = false;
  await asked(what, () => post(`run/${what}`, { id: run.peek().id }));
}

async function asked(what, request) {
  // A pause may wait for the end of an evaluation; whoever wants to stop need not.
  if (asking === what || (asking && what !== "stop" && what !== "reset")) return;
  asking = what;
  refusal.value = null;
  try {
    take(await request());
  } catch (error) {
    isWaitingToStep = false;
    refusal.value = error;
  }
  if (asking === what) asking = "";
  stepIfWaited();
  look();
}
