// What the screen is like, for parts that are not styled by sheets alone.

import { useEffect, useMemo, useState } from "../vendor/preact.js";

/** Whether a media query holds now. @param {string} query */
export function useMedia(query) {
  const wish = useMemo(() => matchMedia(query), [query]);
  const [holds, setHolds] = useState(wish.matches);
  useEffect(() => {
    const changed = () => setHolds(wish.matches);
    wish.addEventListener("change", changed);
    return () => wish.removeEventListener("change", changed);
  }, [wish]);
  return holds;
}
