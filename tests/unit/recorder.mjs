/** A drawing context that only writes down what it is told; letters are 7 pixels wide. */
export function recorder() {
  const calls = [];
  const fields = { font: '', fillStyle: '', strokeStyle: '', lineWidth: 1 };
  const context = new Proxy({}, {
    get(_, name) {
      if (name in fields) return fields[name];
      if (name === 'measureText') return (text) => ({ width: Array.from(text).length * 7 });
      return (...args) => calls.push({ name, args, fill: fields.fillStyle, stroke: fields.strokeStyle, width: fields.lineWidth });
    },
    set(_, name, value) {
      fields[name] = value;
      return true;
    },
  });
  return { context, calls };
}
