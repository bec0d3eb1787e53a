// Reads texts in Mermaid's language, a JSON string a line, and answers each with a line of JSON: what Mermaid has read
// in it, or an error. Stands beside node_modules when it runs.
import { createInterface } from "node:readline";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document }); // before Mermaid, which cleans texts with them
const { default: mermaid } = await import("mermaid");
mermaid.initialize({ startOnLoad: false });
const { maxTextSize, maxEdges } = mermaid.mermaidAPI.defaultConfig;

// Mermaid hides names of characters from its grammar, and brings them back in what it draws.
function shown(text) {
  const element = window.document.createElement("p");
  element.innerHTML = text.replace(/ﬂ°°/g, "&#").replace(/ﬂ°/g, "&").replace(/¶ß/g, ";").replace(/<br>/g, "\n");
  return element.textContent;
}

async function read(text) {
  const { db, type } = await mermaid.mermaidAPI.getDiagramFromText(text);
  const vertices = [...db.getVertices().values()], edges = db.getEdges(), frames = db.getSubGraphs();
  return {
    type,
    fits: text.length <= maxTextSize && edges.length <= maxEdges,
    nodes: vertices.map((vertex) => [vertex.id, vertex.type, shown(vertex.text)]),
    edges: edges.map((edge) => [edge.start, edge.end, shown(edge.text)]),
    frames: frames.map((frame) => [shown(frame.title), frame.nodes]),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await read(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  console.log(JSON.stringify(answer));
}
