/** ONNX's file format, as much of it as the peers need: protobuf fields, tensors, nodes, a model. */

const utf8 = new TextEncoder();
const varint = (n) => {
  const out = [];
  for (let v = n; ; v = Math.floor(v / 128)) {
    if (v < 128) return [...out, v];
    out.push((v % 128) | 128);
  }
};
/** Fields of protobuf: bytes of a known length, and whole numbers. */
const bytes = (field, ...parts) => {
  const length = parts.reduce((n, p) => n + p.length, 0);
  return [[...varint(field * 8 + 2), ...varint(length)], ...parts].map((p) => Uint8Array.from(p));
};
export const flat = (list) => {
  const out = new Uint8Array(list.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of list) {
    out.set(p, at);
    at += p.length;
  }
  return out;
};
export const message = (field, ...parts) => flat(bytes(field, ...parts));
export const number = (field, value) => Uint8Array.from([...varint(field * 8), ...varint(value)]);
export const text = (field, value) => message(field, utf8.encode(value));

const FLOAT = 1;
const INT64 = 7;
const kind = (data) => (data instanceof BigInt64Array ? INT64 : FLOAT);

/** An input or output; `type` 1 is float, 7 is int64. */
const value = (field, { name, shape, type = FLOAT }) => {
  const dimension = (size) => message(1, number(1, size));
  return message(field, text(1, name), message(2, message(1, number(1, type), message(2, ...shape.map(dimension)))));
};

/** A constant: Float32Array or BigInt64Array. */
const constant = ({ name, shape, data }) => message(5, ...shape.map((size) => number(1, size)), number(2, kind(data)), text(8, name),
  message(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));

const attribute = ([name, content]) => {
  if (typeof content === 'string') return message(5, text(1, name), text(4, content), number(20, 3));
  if (Array.isArray(content)) return message(5, text(1, name), ...content.map((n) => number(8, n)), number(20, 7));
  if (Number.isInteger(content)) return message(5, text(1, name), number(3, content), number(20, 2));
  return message(5, text(1, name), Uint8Array.from([2 * 8 + 5, ...new Uint8Array(Float32Array.of(content).buffer)]), number(20, 1));
};

const node = ({ op, inputs, outputs, attributes = {} }) => message(1, ...inputs.map((n) => text(1, n)), ...outputs.map((n) => text(2, n)), text(4, op),
  ...Object.entries(attributes).map(attribute));

/**
 * @param {{inputs: object[], outputs: object[], constants: object[], nodes: object[], opset?: number}} graph
 * @returns {Uint8Array} the file
 */
export function onnx({ inputs, outputs, constants, nodes, opset = 20 }) {
  const graph = message(7, ...nodes.map(node), text(2, 'graph'), ...constants.map(constant), ...inputs.map((v) => value(11, v)), ...outputs.map((v) => value(12, v)));
  return flat([number(1, 9), graph, message(8, text(1, ''), number(2, opset))]);
}
