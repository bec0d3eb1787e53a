// Handing something to the reader: as a file, or in the clipboard.

/**
 * Save a text or bytes as a file.
 * @param {string} name
 * @param {string} media such as "image/svg+xml"
 * @param {string | Uint8Array | Blob} content
 */
export function save(name, media, content) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: media }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // not at once: the browser reads it after the click
}

/** The bytes of a base64 text. @param {string} base64 */
export const bytesOf = (base64) => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));

/**
 * Put a text into the clipboard.
 * @param {string} text
 * @returns {Promise<boolean>} whether the browser allowed it
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

function copiedBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "off-screen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
