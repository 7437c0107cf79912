import { Player } from '../state/player.svelte.ts';
import { untrack } from 'svelte';
import { positionOf } from '../timeline.ts';
import type { Scene } from './scene.svelte.ts';

/** Plays through the snapshots within the range shown: by the view's stride, at its speed, once or in a loop. */
export class Film {
  #scene: Scene;
  #player: Player;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#player = new Player(() => this.#advance(), 1000 / untrack(() => scene.view.speed));
  }

  get playing(): boolean {
    return this.#player.playing;
  }

  /** Snapshots a second. */
  set speed(speed: number) {
    this.#player.beat = 1000 / speed;
  }

  /** From the last snapshot a film begins anew. */
  toggle(): void {
    if (this.playing) return this.stop();
    const { inside, shown } = this.#scene;
    const [first, last] = [inside[0], inside.at(-1)];
    if (first && last && shown && positionOf(shown) >= positionOf(last)) this.#scene.select(first, false);
    this.#player.play();
  }

  stop(): void {
    this.#player.pause();
  }

  #advance(): boolean {
    const scene = this.#scene;
    // Each picture is waited for: a film that leaves some out would lie.
    if (scene.loading) return true;
    const { loop, stride } = scene.view;
    const last = scene.inside.at(-1);
    if (scene.shown !== last && scene.step(stride, !loop)) return loop || scene.shown !== last;
    const first = scene.inside[0];
    if (!loop || !first) return false;
    scene.select(first, false);
    return true;
  }
}
