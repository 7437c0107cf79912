/** Means over the training images of an epoch. */
export class EpochMeans {
  #loss = 0;
  #correct = 0;
  #images = 0;

  /** One step: its mean loss (nats), how many of its images were classified correctly, and how many there were. */
  add(loss: number, correct: number, images: number): void {
    this.#loss += loss * images;
    this.#correct += correct;
    this.#images += images;
  }

  get loss(): number {
    return this.#loss / this.#images;
  }

  /** 0 to 1 */
  get accuracy(): number {
    return this.#correct / this.#images;
  }
}
