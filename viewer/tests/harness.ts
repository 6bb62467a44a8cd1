// What the tests share: frames that are as plain as can be.

import type { FrameInfo } from '../src/data';

export const frame = (changes: Partial<FrameInfo> = {}): FrameInfo => ({
  url: '/f', rows: 4, columns: 6, bitsAllocated: 16, signed: true, samplesPerPixel: 1, photometric: 'MONOCHROME2', slope: 1,
  intercept: 0, windowCenter: 40, windowWidth: 400, pixelSpacing: [0.5, 0.5], imagePosition: [0, 0, 0],
  imageOrientation: [[1, 0, 0], [0, 1, 0]], sliceThickness: 2, frameOfReference: '2.25.1', ...changes,
});

/** Slices 2 mm apart from the feet up, unless told otherwise. */
export const slices = (count: number, place: (k: number) => Partial<FrameInfo> = (k) => ({ imagePosition: [0, 0, 2 * k] })): FrameInfo[] =>
  Array.from({ length: count }, (_, k) => frame({ url: `/f/${k}`, ...place(k) }));
