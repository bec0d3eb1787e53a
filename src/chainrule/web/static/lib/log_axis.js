// An axis of powers of ten that several bars share.

const FEWEST_DECADES = 3;

/**
 * The powers of ten around some sizes; zeros and what is not finite have no place on it.
 * @param {(number | null)[]} sizes
 * @returns {{low: number, high: number}} exponents
 */
export function axisOf(sizes) {
  const logs = sizes.filter((size) => size > 0).map(Math.log10);
  const high = Math.ceil(Math.max(...logs, -Infinity) + 1e-9);
  const low = Math.floor(Math.min(...logs, Infinity) - 1e-9);
  if (!Number.isFinite(high)) return { low: -FEWEST_DECADES, high: 0 };
  return { low: Math.min(low, high - FEWEST_DECADES), high };
}

/**
 * How far along the axis the bar of a size reaches, 0 to 1.
 * @param {{low: number, high: number}} axis
 * @param {number | null} size
 */
export function shareOf({ low, high }, size) {
  return size > 0 ? Math.max(0, Math.min(1, (Math.log10(size) - low) / (high - low))) : 0;
}
