/**
 * Once the figure stands: is the file the one that it passes for? What is found joins the figure.
 */
import { coded } from '../errors.js';
import { withHash } from './shown.js';

/**
 * @param {object} model of an analyzer
 * @param {object} parts
 * @param {object} parts.store
 * @param {(error: Error) => void} parts.fail
 * @param {() => boolean} parts.isOpen whether the page still shows this model
 */
export async function verifyFile(model, { store, fail, isOpen }) {
  try {
    const seen = await model.verify?.();
    if (!seen || !isOpen()) return;
    const { shown } = store.state;
    if (shown?.result && !shown.fromFile) store.set({ shown: withHash(shown, seen) });
    if (seen.problem) fail(coded('SourceChanged', seen.problem));
  } catch (error) {
    if (isOpen() && error?.name !== 'AbortError') fail(error);
  }
}
