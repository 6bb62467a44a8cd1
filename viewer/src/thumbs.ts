// Small pictures for the list of series, drawn from the middle slice once its row comes into sight.

import type { Series } from './data';
import type { Loader } from './loader';
import { openingWindow, paint, type Plane } from './plane';
import { place, FITTED } from './view';

export function drawThumb(canvas: HTMLCanvasElement, plane: Plane): void {
  const image = document.createElement('canvas');
  image.width = plane.width;
  image.height = plane.height;
  const context = image.getContext('2d', { alpha: false })!;
  const pixels = context.createImageData(plane.width, plane.height);
  paint(plane, openingWindow(plane), false, pixels);
  context.putImageData(pixels, 0, 0);
  const at = place(plane, FITTED, canvas.width, canvas.height);
  const small = canvas.getContext('2d', { alpha: false })!;
  small.imageSmoothingQuality = 'high';
  small.drawImage(image, at.left, at.top, plane.width * at.scaleX, plane.height * at.scaleY);
}

/** Watches the rows; a thumbnail that can't be had stays an empty square. */
export function drawThumbs(canvases: readonly HTMLCanvasElement[], series: readonly Series[], loader: Loader): IntersectionObserver {
  const watcher = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      const index = canvases.indexOf(target as HTMLCanvasElement);
      if (!isIntersecting || index < 0) continue;
      watcher.unobserve(target);
      const one = series[index]!;
      loader.load(one, Math.floor(one.frames.length / 2)).then((plane) => drawThumb(canvases[index]!, plane), () => undefined);
    }
  });
  canvases.forEach((canvas) => watcher.observe(canvas));
  return watcher;
}
