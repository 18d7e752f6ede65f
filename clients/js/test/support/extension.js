// An extension's storage, as chrome.storage.local is: asynchronous, and shared by every context.

export class ExtensionArea {
  items = {};
  #listeners = new Set();

  /** Milliseconds that it takes, by `clock`. */
  reading = 2;
  writing = 2;

  constructor(clock) {
    this.clock = clock;
    this.onChanged = { addListener: (each) => this.#listeners.add(each), removeListener: (each) => this.#listeners.delete(each) };
  }

  get = async (key) => {
    await this.clock.sleep(this.reading);
    return key in this.items ? { [key]: structuredClone(this.items[key]) } : {};
  };

  set = async (items) => {
    await this.clock.sleep(this.writing);
    Object.assign(this.items, structuredClone(items));
    this.#tell(Object.keys(items));
  };

  remove = async (key) => {
    await this.clock.sleep(this.writing);
    delete this.items[key];
    this.#tell([key]);
  };

  clear = async () => {
    const keys = Object.keys(this.items);
    this.items = {};
    this.#tell(keys);
  };

  #tell(keys) {
    const changes = Object.fromEntries(keys.map((key) => [key, { newValue: this.items[key] }]));
    for (const listener of this.#listeners) listener(changes);
  }
}
