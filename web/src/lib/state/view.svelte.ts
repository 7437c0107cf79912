import { formatView, parseView, type ViewState } from '../view.ts';

/** Milliseconds. A change is painted first, also where its maps come from the server's disk, then written, which takes some
 * 6 ms; and browsers refuse a page that changes its address all the time. */
const SOON = 150;
const PAUSE = 100;

/** The view of one run, held in the URL. */
export class View {
  #state: ViewState = $state.raw(parseView(location.search));
  #write: (url: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #changed = false;

  /** `write` gives the page another address, without a new entry in the history. */
  constructor(write: (url: string) => void) {
    this.#write = write;
  }

  get current(): ViewState {
    return this.#state;
  }

  /** Changes a part of the view at once, and the URL a moment later. */
  set(change: Partial<ViewState>): void {
    this.#state = { ...this.#state, ...change };
    this.#changed = true;
    this.#timer ??= setTimeout(() => this.#save(), SOON);
  }

  #save(): void {
    this.#timer = undefined;
    if (!this.#changed) return;
    this.#changed = false;
    const query = formatView(this.#state);
    this.#write(query ? `?${query}` : location.pathname);
    this.#timer = setTimeout(() => this.#save(), PAUSE);
  }

  /** The page is left: nothing is written any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#write = () => undefined;
  }
}
