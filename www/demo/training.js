/**
 * models/demo/training.json: the recipe, and what the training logged.
 *
 * @typedef {object} Training
 * @property {{n_layer: number, n_head: number, d_model: number, n_ctx: number}} shape
 * @property {number} seconds
 * @property {{step: number, loss_sentences: number, loss_scattered: number, loss_repeats: number}[]} steps nats a token
 * @property {object[]} measured at a step: shares of right answers, and scores as [layer][head]
 */

/**
 * @param {URL} address
 * @returns {Promise<Training>}
 * @throws {Error} when it cannot be read or is not a training's log
 */
export async function readTraining(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return checkTraining(await answer.json());
}

/**
 * @param {any} value
 * @returns {Training}
 */
export function checkTraining(value) {
  const { recipe, seconds, steps, measured } = value ?? {};
  const rising = (list) => Array.isArray(list) && list.length > 0 && list.every(({ step }, i) => Number.isInteger(step) && (i === 0 || step > list[i - 1].step));
  if (!rising(steps) || !rising(measured) || !Number.isFinite(seconds) || !Number.isInteger(recipe?.shape?.n_layer)) {
    throw new Error('it is not the log of a training');
  }
  return { shape: recipe.shape, seconds, steps, measured };
}
