import { replaceState } from '$app/navigation';
import { formatView, parseView, type ViewState } from '../view.ts';

/** The view of one run, held in the URL. */
export class View {
  #state: ViewState = $state.raw(parseView(location.search));

  get current(): ViewState {
    return this.#state;
  }

  /** Changes a part of the view and writes it into the URL, without a new entry in the history. */
  set(change: Partial<ViewState>): void {
    this.#state = { ...this.#state, ...change };
    const query = formatView(this.#state);
    replaceState(query ? `?${query}` : location.pathname, {});
  }
}
