import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadData, readStudy } from '../src/data';
import { boxOf, letters, walkOf, type Box, type Vector } from '../src/geometry';
import { deedOf } from '../src/keys';
import { planeOf, WrongLength } from '../src/plane';
import { filled, wordsFor } from '../src/strings';
import en from '../src/strings.en.json';
import es from '../src/strings.es.json';
import { FITTED, millimetres, place, scaleBar, toImage, toScreen, zoomed } from '../src/view';
import { rangesOf, Viewed } from '../src/viewed';
import { thinning, Volume } from '../src/volume';
import { grey, greyTable, presetOf } from '../src/window';
import { frame, slices } from './harness';

test('a window follows the linear function of PS3.3 C.11.2.1.2.1', () => {
  const window = { center: 2048, width: 4096 };
  assert.deepEqual([0, 1, 2047, 2048, 4095, 9999].map((v) => grey(v, window)), [0, 0, 127, 128, 255, 255]);
  assert.deepEqual([-1, 0, 1].map((v) => grey(v, { center: 1, width: 1 })), [0, 0, 255]);
  assert.deepEqual([-100, 0, 100].map((v) => grey(v, { center: 0, width: 100 })), [0, 129, 255]);
});

test('greys are opaque and turn over when inverted', () => {
  const tone = { slope: 2, intercept: -10, window: { center: 0, width: 10 } };
  const plain = greyTable(0, 10, { ...tone, inverted: false });
  const turned = greyTable(0, 10, { ...tone, inverted: true });
  plain.forEach((pixel, at) => assert.equal((pixel & 0xff) + (turned[at]! & 0xff), 255));
  assert.ok(plain.every((pixel) => pixel >>> 24 === 255));
});

test('presets are recognised by their numbers only', () => {
  assert.equal(presetOf({ center: -600, width: 1500 }), 'lung');
  assert.equal(presetOf({ center: -601, width: 1500 }), null);
});

test('a direction names the side of the patient, with a second letter when it is oblique', () => {
  const cases: [Vector, string][] = [[[1, 0, 0], 'L'], [[-1, 0, 0], 'R'], [[0, 1, 0], 'P'], [[0, -1, 0], 'A'], [[0, 0, 1], 'H'], [[0, 0, -1], 'F']];
  for (const [direction, letter] of cases) assert.equal(letters(direction), letter);
  assert.equal(letters([Math.SQRT1_2 + 0.01, -Math.SQRT1_2, 0]), 'LA');
  assert.equal(letters([0.98, 0.17, 0]), 'L');
});

test('even slices make a box, in the order of the patient and not of the list', () => {
  const box = boxOf(slices(9, (k) => ({ imagePosition: [0, 0, -3 * k] }))) as Box;
  assert.deepEqual(box.order, [8, 7, 6, 5, 4, 3, 2, 1, 0]);
  assert.deepEqual(box.spacing, [0.5, 0.5, 3]);
  assert.deepEqual(box.origin, [0, 0, -24]);
});

test('each reason against three planes is told apart', () => {
  assert.equal(boxOf(slices(3)), 'few');
  assert.equal(boxOf(slices(9, (k) => ({ imagePosition: [0, 0, k * k] }))), 'uneven');
  assert.equal(boxOf(slices(9, () => ({ imagePosition: [0, 0, 1] }))), 'uneven');
  assert.equal(boxOf(slices(9, (k) => ({ imagePosition: [0, k, 2 * k] }))), 'tilted');
  assert.equal(boxOf(slices(9, (k) => ({ imagePosition: [0, 0, 2 * k], rows: k ? 4 : 5 }))), 'mixed');
  assert.equal(boxOf(slices(9, (k) => ({ imagePosition: [0, 0, 2 * k], slope: k ? 1 : 2 }))), 'mixed');
  assert.equal(boxOf(slices(9, () => ({ imagePosition: null }))), 'unplaced');
});

test('a box that lies at an angle has no honest names for its planes', () => {
  const turned = Math.SQRT1_2;
  const box = boxOf(slices(9, (k) => ({ imageOrientation: [[turned, turned, 0], [-turned, turned, 0]], imagePosition: [0, 0, 2 * k] }))) as Box;
  assert.equal(walkOf(box, 'sagittal'), null);
});

test('every plane finds the one voxel that is lit, whichever way the slices run', () => {
  for (const sense of [1, -1]) {
    const frames = slices(8, (k) => ({ imagePosition: [0, 0, 2 * k * sense] }));
    const box = boxOf(frames) as Box;
    const volume = new Volume(box, frames[0]!, 1);
    frames.forEach((_, k) => {
      const samples = new Int16Array(24);
      if (k === 5) samples[1 * 6 + 4] = 1000; // column 4, row 1
      volume.put(k, samples);
    });
    const height = sense > 0 ? 5 : 2; // slices from the feet
    const expected = { axial: [7 - height, 4, 1], coronal: [1, 4, 7 - height], sagittal: [4, 1, 7 - height] } as const;
    for (const name of ['axial', 'coronal', 'sagittal'] as const) {
      const [index, x, y] = expected[name];
      const plane = volume.cut(volume.walk(name)!, index);
      assert.equal(plane.samples.indexOf(1000), y * plane.width + x, name);
    }
  }
});

test('planes hang as radiologists hang them', () => {
  const frames = slices(8);
  const volume = new Volume(boxOf(frames) as Box, frames[0]!, 1);
  const sides = (name: 'axial' | 'coronal' | 'sagittal'): string => volume.cut(volume.walk(name)!, 0).directions!.map(letters).join('');
  assert.deepEqual(['axial', 'coronal', 'sagittal'].map((name) => sides(name as 'axial')), ['LP', 'LF', 'PF']);
  assert.deepEqual(volume.cut(volume.walk('coronal')!, 0).spacing, [2, 0.5]);
});

test('a box too large for the memory keeps every slice and the mean of its pixels', () => {
  const frames = slices(8);
  const box = boxOf(frames) as Box;
  assert.equal(thinning(box, 24 * 8 * 2), 1);
  assert.equal(thinning(box, 24 * 8 * 2 - 1), 2);
  const volume = new Volume(box, frames[0]!, 2);
  volume.put(0, Int16Array.from([0, 2, 4, 4, 8, 8, 4, 6, 4, 4, 8, 8, ...Array(12).fill(0)]));
  const plane = volume.cut(volume.walk('axial')!, 7);
  assert.deepEqual([...plane.samples], [3, 4, 8, 0, 0, 0]);
  assert.deepEqual(plane.spacing, [1, 1]);
});

test('raw bytes are little-endian and as long as the frame says', () => {
  const bytes = Uint8Array.from(Array(24).fill([0xfe, 0xff]).flat()).buffer;
  assert.equal(planeOf(frame(), bytes).samples[0], -2);
  assert.equal(planeOf(frame({ signed: false }), bytes).samples[0], 65534);
  assert.throws(() => planeOf(frame({ rows: 5 }), bytes), WrongLength);
});

test('the screen and the image agree about a point, pixels square or not', () => {
  const plane = { width: 100, height: 50, spacing: [2, 1] as const };
  const at = place(plane, { zoom: 2, panX: 7, panY: -3 }, 400, 300);
  assert.equal(at.scaleY, 2 * at.scaleX);
  const back = toImage(toScreen({ x: 12, y: 34 }, at), at);
  assert.ok(Math.abs(back.x - 12) < 1e-9 && Math.abs(back.y - 34) < 1e-9);
});

test('zooming keeps what is under the pointer', () => {
  const plane = { width: 100, height: 100, spacing: null };
  const pointer = { x: 250, y: 120 };
  const before = toImage(pointer, place(plane, FITTED, 400, 400));
  const after = toImage(pointer, place(plane, zoomed(FITTED, 3, { x: 50, y: -80 }), 400, 400));
  assert.ok(Math.hypot(before.x - after.x, before.y - after.y) < 1e-9);
});

test('lengths use the spacing of rows down and of columns across', () => {
  assert.equal(millimetres({ from: { x: 0, y: 0 }, to: { x: 3, y: 4 } }, [0.5, 2]), Math.hypot(6, 2));
});

test('the scale bar is as long as it says', () => {
  const plane = { width: 512, height: 512, spacing: [0.5, 0.5] as const };
  assert.deepEqual(scaleBar(plane, place(plane, FITTED, 512, 512), 150), { mm: 50, pixels: 100 });
  assert.equal(scaleBar({ ...plane, spacing: null }, place(plane, FITTED, 512, 512), 150), null);
});

test('study data gives each frame its own value or the shared one', () => {
  const series = { id: 'a', label: 'A', modality: 'CT', base: '/x/', frames: ['1', '2'], shared: { rows: 2, columns: 2, slope: 2 }, each: { intercept: [-1, -2] } };
  const [first, second] = readStudy({ version: 1, study: {}, series: [series] }).series[0]!.frames;
  assert.deepEqual([first!.url, first!.slope, first!.intercept, second!.intercept], ['/x/1', 2, -1, -2]);
});

test('study data that makes no sense is refused, not guessed', () => {
  const series = { frames: ['1'], shared: { rows: 2, columns: 2 } };
  const bad = (changes: object): unknown => ({ version: 1, study: {}, series: [{ ...series, ...changes }] });
  const wrong = [null, {}, { version: 2 }, bad({ shared: {} }), bad({ each: { slope: [1, 2] } }), bad({ shared: { rows: 1e9, columns: 1 } }), bad({ shared: { rows: 2, columns: 2, bitsAllocated: 12 } })];
  for (const json of wrong) assert.throws(() => readStudy(json), BadData);
});

test('a spacing of zero and an orientation that is none count as unknown', () => {
  const shared = { rows: 2, columns: 2, pixelSpacing: [0, 1], imageOrientation: [1, 0, 0, 1, 0, 0] };
  const [one] = readStudy({ version: 1, study: {}, series: [{ frames: ['1'], shared }] }).series[0]!.frames;
  assert.equal(one!.pixelSpacing, null);
  assert.equal(one!.imageOrientation, null);
});

test('what was viewed is told once, as ranges', async () => {
  const sent: unknown[] = [];
  const viewed = new Viewed(async (entries) => void sent.push(...entries), () => undefined);
  for (const index of [3, 1, 2, 7, 2]) viewed.note('s', index);
  await viewed.flush();
  viewed.note('s', 3);
  await viewed.flush();
  assert.deepEqual(sent, [{ series: 's', frames: 4, ranges: [[1, 3], [7, 7]] }]);
});

test('a report that did not arrive is sent again', async () => {
  let up = false;
  const sent: unknown[] = [];
  const viewed = new Viewed(async (entries) => (up ? void sent.push(...entries) : Promise.reject(new Error('down'))), () => undefined);
  viewed.note('s', 5);
  await viewed.flush();
  up = true;
  await viewed.flush();
  assert.deepEqual(sent, [{ series: 's', frames: 1, ranges: [[5, 5]] }]);
});

test('ranges join neighbours', () => assert.deepEqual(rangesOf([5, 4, 9, 4]), [[4, 5], [9, 9]]));

test('arrows scroll, move the picture with Shift, and move the cross while measuring', () => {
  assert.deepEqual(deedOf('ArrowDown', false, false), { do: 'move', by: 1 });
  assert.deepEqual(deedOf('ArrowLeft', true, false), { do: 'nudge', x: -1, y: 0, far: true });
  assert.deepEqual(deedOf('ArrowUp', false, true), { do: 'nudge', x: 0, y: -1, far: false });
  assert.equal(deedOf('q', false, false), null);
});

test('Spanish says everything that English says, with the same places for values', () => {
  const places = (words: Record<string, string>): object =>
    Object.fromEntries(Object.entries(words).map(([key, text]) => [key, (text.match(/\{\w+\}/g) ?? []).sort().join()]));
  assert.deepEqual(places(es), { ...places(en) });
  assert.deepEqual(Object.keys(en).filter((key) => (en as Record<string, string>)[key] === ''), []);
});

test('a page replaces single words and leaves the rest', () => {
  const words = wordsFor('es-MX', { fit: 'Encajar', nonsense: 'x', reset: 7 });
  assert.deepEqual([words.fit, words.reset, words.invert], ['Encajar', es.reset, es.invert]);
  assert.equal(filled('{a} of {b}', { a: 1 }), '1 of {b}');
});
