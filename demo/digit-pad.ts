/** The drawing pad: strokes by pointer or keyboard on a canvas of 280 x 280, and the 28 x 28 image that the network sees. */
import { mnistImage, SIDE } from "./digit-image.ts";

const SIZE = 280;
const INK_WIDTH = 24;
/** A step of the pen by keyboard. */
const STEP = 10;

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

export class DigitPad {
  readonly #context: CanvasRenderingContext2D;
  readonly #canvas: HTMLCanvasElement;
  readonly #pen: HTMLElement;
  readonly #seen: HTMLCanvasElement;
  #at: readonly [number, number] = [SIZE / 2, SIZE / 2];
  #down = false;

  constructor(canvas: HTMLCanvasElement, pen: HTMLElement, seen: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#pen = pen;
    this.#seen = seen;
    this.#context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
    this.#context.lineWidth = INK_WIDTH;
    this.#context.lineCap = "round";
    canvas.addEventListener("pointerdown", (event) => this.#start(event));
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      for (const part of event.getCoalescedEvents?.() ?? [event]) this.#line(this.#position(part));
    });
    canvas.addEventListener("pointerup", () => this.#show());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    this.#show();
  }

  /** 784 values from 0 to 255, or undefined if nothing is drawn. */
  image(): Float32Array | undefined {
    const { data } = this.#context.getImageData(0, 0, SIZE, SIZE);
    return mnistImage(
      Uint8Array.from({ length: SIZE * SIZE }, (_, i) => data[4 * i + 3] ?? 0),
      SIZE,
    );
  }

  clear(): void {
    this.#context.clearRect(0, 0, SIZE, SIZE);
    this.#down = false;
    this.#show();
  }

  #start(event: PointerEvent): void {
    this.#canvas.setPointerCapture(event.pointerId);
    this.#down = false;
    this.#at = this.#position(event);
    this.#line(this.#at);
  }

  #line(to: readonly [number, number]): void {
    this.#context.beginPath();
    this.#context.moveTo(...this.#at);
    this.#context.lineTo(...to);
    this.#context.stroke();
    this.#at = to;
    this.#show();
  }

  #key(event: KeyboardEvent): void {
    const arrow = ARROWS[event.key];
    if (arrow) {
      const [x, y] = [this.#at[0] + arrow[0], this.#at[1] + arrow[1]].map((v) => Math.min(SIZE - STEP, Math.max(STEP, v))) as [
        number,
        number,
      ];
      if (this.#down) this.#line([x, y]);
      this.#at = [x, y];
    } else if (event.key === " ") {
      this.#down = !this.#down;
      if (this.#down) this.#line(this.#at);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else {
      return;
    }
    event.preventDefault();
    this.#show();
  }

  #position(event: PointerEvent): readonly [number, number] {
    const box = this.#canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * SIZE) / box.width, ((event.clientY - box.top) * SIZE) / box.height];
  }

  #show(): void {
    this.#pen.style.translate = `${(this.#at[0] / SIZE) * 100}cqw ${(this.#at[1] / SIZE) * 100}cqh`;
    this.#pen.classList.toggle("down", this.#down);
    drawDigit(this.#seen, this.image() ?? new Float32Array(SIDE * SIDE));
  }
}

/** Shows 784 grey values as an image of 28 x 28 pixels, ink white as in MNIST. */
export function drawDigit(canvas: HTMLCanvasElement, values: ArrayLike<number>): void {
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const image = context.createImageData(SIDE, SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) image.data.set([values[i] ?? 0, values[i] ?? 0, values[i] ?? 0, 255], 4 * i);
  context.putImageData(image, 0, 0);
}
