import { expect, test } from 'vitest';
import { definitionOf, formOf, newExam } from './definition';
import { compared, consentOf, problems, proctoringOf, recognitionOf, watched } from './proctoring';

const PROCTORING = { snapshots: 6, without_camera: 'on_site', place: '203 室', keep_days: 90, appeal_days: 7 };
const CONSENTS = [
  { kind: 'snapshots', version: '1', text: '随机抓拍' },
  { kind: 'research', version: 'r', text: '用于研究' },
];

test('how photographs are taken comes back from the form as it was, with every consent in its place', () => {
  const definition = { proctoring: PROCTORING, consents: CONSENTS };
  expect(definitionOf(formOf(definition))).toMatchObject(definition);
  const without = { ...PROCTORING, without_camera: 'flag', place: '' };
  expect(definitionOf(formOf({ proctoring: without }))['proctoring']).toEqual({ snapshots: 6, without_camera: 'flag', keep_days: 90, appeal_days: 7 });
});

test('a consent without photographs stays what it was', () => {
  expect(definitionOf(formOf({ consents: CONSENTS }))).toMatchObject({ consents: CONSENTS });
  expect(definitionOf(formOf({ consents: CONSENTS }))).not.toHaveProperty('proctoring');
});

test('photographs are switched on with nothing stated, and off with their consent', () => {
  const form = newExam();
  form.consents = [CONSENTS[1]!];
  watched(form, true);
  const blank = { kind: 'snapshots', version: '', text: '' };
  expect(consentOf(form.consents)).toEqual(blank);
  expect(definitionOf(form)).toMatchObject({ proctoring: {}, consents: [CONSENTS[1], blank] }); // The server refuses it.
  compared(form, true);
  expect(recognitionOf(form.consents)).toEqual({ ...blank, kind: 'recognition' });
  watched(form, false);
  expect([form.proctoring, form.consents]).toEqual([null, [CONSENTS[1]]]);
});

test('what the server would refuse is said beside the field', () => {
  const form = (more: Partial<typeof PROCTORING>) => proctoringOf({ ...PROCTORING, ...more })!;
  expect(problems(form({}), [60, null])).toEqual([]);
  expect(problems(form({ snapshots: 61 }), [90])).toEqual(['snapshots_range']);
  expect(problems(form({ snapshots: 31 }), [60, 30])).toEqual(['snapshots_fast']);
  expect(problems(form({ place: ' ', keep_days: 0, appeal_days: 3_661 }), [])).toEqual(['place_missing', 'keep_days', 'appeal_days']);
});
