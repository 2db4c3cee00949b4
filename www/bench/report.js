/** What was measured: lines on the page, and an object to copy as JSON. */
export class Report {
  #data = { schema: 'headmap/bench', version: 1 };
  #status;
  #rows;
  #copy;

  /** @param {HTMLElement} place holding `.status`, a `tbody` and `.copy` */
  constructor(place) {
    place.hidden = false;
    this.#status = place.querySelector('.status');
    this.#rows = place.querySelector('tbody');
    this.#rows.replaceChildren();
    this.#copy = place.querySelector('.copy');
    this.#copy.disabled = true;
    this.#copy.onclick = () => this.#copyJson();
  }

  say(text) {
    this.#status.textContent = text;
  }

  set(key, value) {
    this.#data[key] = value;
  }

  row(what, value) {
    const row = document.createElement('tr');
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = what;
    const cell = document.createElement('td');
    cell.textContent = value;
    row.append(head, cell);
    this.#rows.append(row);
  }

  done() {
    this.say('Done.');
    this.#copy.disabled = false;
  }

  async #copyJson() {
    try {
      await navigator.clipboard.writeText(JSON.stringify(this.#data, null, 1));
      this.say('Copied.');
    } catch {
      this.say('The browser does not let this page write to the clipboard.');
    }
  }
}
