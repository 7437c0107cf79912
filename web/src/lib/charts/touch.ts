/** Pixels that a finger may waver before it shows where it goes. */
const SLOP = 8;

/** Lets a finger that moves up or down scroll the page, where d3 would hold every touch for its own: its listeners get
 * to know of a touch's moves only once the finger has gone sideways. Until the returned function is called. */
export function letVerticalTouchesScroll(element: SVGElement): () => void {
  element.style.touchAction = 'pan-y';
  let start: { x: number; y: number } | null = null;
  let way: 'unknown' | 'sideways' | 'page' = 'unknown';
  const began = (event: Event): void => {
    const touch = (event as TouchEvent).touches[0];
    start = touch ? { x: touch.clientX, y: touch.clientY } : null;
    way = 'unknown';
  };
  const moved = (event: Event): void => {
    const touch = (event as TouchEvent).touches[0];
    if (!touch || !start) return;
    const [dx, dy] = [Math.abs(touch.clientX - start.x), Math.abs(touch.clientY - start.y)];
    if (way === 'unknown' && Math.max(dx, dy) >= SLOP) way = dx > dy ? 'sideways' : 'page';
    if (way !== 'sideways') event.stopPropagation();
  };
  const options = { capture: true, passive: true };
  element.addEventListener('touchstart', began, options);
  element.addEventListener('touchmove', moved, options);
  return () => {
    element.removeEventListener('touchstart', began, options);
    element.removeEventListener('touchmove', moved, options);
  };
}
