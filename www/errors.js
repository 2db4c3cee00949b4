/**
 * Errors whose `name` is a stable code. Programs switch on the name, never on the text.
 */

/**
 * @param {string} code for example 'SourceStatus'
 * @param {string} message a whole sentence for the user: what is wrong, where, what to do
 * @returns {Error}
 */
export function coded(code, message) {
  const error = new Error(message);
  error.name = code;
  return error;
}

/** @returns {DOMException} what every cancelled call rejects with */
export function aborted() {
  return new DOMException('cancelled', 'AbortError');
}

/** Errors cross from the worker as plain data; structured cloning would lose the name. */
export const errorData = (e) => ({ name: String(e?.name ?? 'Error'), message: String(e?.message ?? e) });

/** @returns {Error|DOMException} the error that `errorData` was made of */
export const errorFrom = ({ name, message }) => (name === 'AbortError' ? aborted() : coded(name, message));
