/**
 * What every canvas of the page shares: it is drawn again when its place changes width, when the theme changes, and when
 * the page moves to a screen with another pixel ratio.
 */
import { darkTheme, lightTheme } from '../figure/theme.js';

const dark = globalThis.matchMedia?.('(prefers-color-scheme: dark)');

/** @returns {import('../figure/theme.js').Theme} the theme of the page now */
export const currentTheme = () => (dark?.matches ? darkTheme : lightTheme);

/**
 * @param {HTMLElement} place
 * @param {() => void} draw
 */
export function redrawWith(place, draw) {
  const soon = () => requestAnimationFrame(draw);
  new ResizeObserver(soon).observe(place);
  addEventListener('resize', soon);
  dark.addEventListener('change', draw);
  (function watchRatio() {
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`)
      .addEventListener('change', () => { draw(); watchRatio(); }, { once: true });
  })();
}

/**
 * Gives a canvas a size and as many pixels as the screen shows of it.
 * @param {HTMLCanvasElement} canvas
 * @param {{width: number, height: number}} size CSS pixels
 * @param {number} ratio device pixels in a CSS pixel
 * @returns {CanvasRenderingContext2D} scaled so that a unit is a CSS pixel
 */
export function contextOf(canvas, size, ratio) {
  const width = Math.round(size.width * ratio);
  const height = Math.round(size.height * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${size.width}px`;
    canvas.style.height = `${size.height}px`;
  }
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
