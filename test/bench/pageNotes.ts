/** Runs in a page before its own scripts, compiled by paintedPage.ts, and notes when maps are painted. Times are
 * milliseconds since 1970, as the other processes of the machine count them (diary.ts). Imports would not be there. */

/** Each painting of a canvas: from asking for its context, the first thing that painting does, to its pixels. */
interface Painting {
  end: number;
  ms: number;
  pixels: number;
  blank: boolean;
}

/** A live frame: its step, when it arrived, and when its maps had been shown. */
interface Arrival {
  step: number;
  arrived: number;
  shown: number | null;
  waits: boolean;
}

/** What the bench reads; `input` is when the last key was pressed. */
const noted = { paints: [] as Painting[], frames: [] as Arrival[], input: 0 };
Object.assign(globalThis, { noted });

const clock = (): number => performance.timeOrigin + performance.now();
const begun = new WeakMap<object, number>();

const getContext = HTMLCanvasElement.prototype.getContext as (...args: unknown[]) => RenderingContext | null;
HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...args: unknown[]) {
  begun.set(this, clock());
  return getContext.apply(this, args);
} as typeof HTMLCanvasElement.prototype.getContext;

const putImageData = CanvasRenderingContext2D.prototype.putImageData as (
  image: ImageData,
  x: number,
  y: number,
) => void;
CanvasRenderingContext2D.prototype.putImageData = function (image: ImageData, x: number, y: number) {
  putImageData.call(this, image, x, y);
  const end = clock();
  // The top left pixel of a grid of maps is that of the first one.
  const blank = image.data[3] === 0;
  noted.paints.push({
    ...{ end, ms: end - begun.get(this.canvas)! },
    ...{ pixels: image.width * image.height, blank },
  });
  const frame = noted.frames.at(-1);
  if (!frame || frame.waits || blank) return;
  frame.waits = true;
  // The browser draws what has been painted right after this callback.
  requestAnimationFrame(() => {
    frame.shown = clock();
  });
};

function arrive({ data }: MessageEvent): void {
  if (!(data instanceof ArrayBuffer) || data.byteLength < 8) return;
  const view = new DataView(data);
  if (view.getUint32(0, true) !== 0x31465356) return; // 'VSF1', see shared/frame.ts
  const text = new TextDecoder().decode(new Uint8Array(data, 8, view.getUint32(4, true)));
  const { step } = JSON.parse(text) as { step: number };
  noted.frames.push({ step, arrived: clock(), shown: null, waits: false });
}
globalThis.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    this.addEventListener('message', arrive);
  }
};
addEventListener('keydown', () => (noted.input = clock()), { capture: true });
