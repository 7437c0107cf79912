import { formatView, parseView, type ViewState } from '../view.ts';

/** Browsers refuse a page that changes its address much more often: milliseconds. */
const PAUSE = 100;

/** The view of one run, held in the URL. */
export class View {
  #state: ViewState = $state.raw(parseView(location.search));
  #write: (url: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #late = false;

  /** `write` gives the page another address, without a new entry in the history. */
  constructor(write: (url: string) => void) {
    this.#write = write;
  }

  get current(): ViewState {
    return this.#state;
  }

  /** Changes a part of the view, and the URL at once or, in a quick succession, a moment later. */
  set(change: Partial<ViewState>): void {
    this.#state = { ...this.#state, ...change };
    if (this.#timer === undefined) this.#save();
    else this.#late = true;
  }

  #save(): void {
    const query = formatView(this.#state);
    this.#write(query ? `?${query}` : location.pathname);
    this.#late = false;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#late) this.#save();
    }, PAUSE);
  }

  /** The page is left: nothing is written any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#write = () => undefined;
  }
}
