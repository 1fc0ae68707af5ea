import { expect, test } from 'vitest';
import { orderOf, pressed, sorted } from './sorting';

const ROWS = [
  { name: '题库10', items: 5 },
  { name: '题库2', items: 30 },
  { name: '儿科', items: 5 },
];
const COLUMNS = { name: (row: (typeof ROWS)[number]) => row.name, items: (row: (typeof ROWS)[number]) => row.items };
const names = (order: string) => sorted(ROWS, orderOf(order), COLUMNS).map(({ name }) => name);

test('numbers and names are in their order, either way, and equals stay as they were', () => {
  expect(names('items')).toEqual(['题库10', '儿科', '题库2']);
  expect(names('-items')).toEqual(['题库2', '题库10', '儿科']);
  expect(names('name')).toEqual(['儿科', '题库2', '题库10']);
});

test('an order that is none leaves the list as it is', () => {
  expect([names(''), names('colour')]).toEqual([names(''), names('')]);
  expect(names('')[0]).toBe('题库10');
});

test('a head is pressed up, down and off again', () => {
  expect([pressed(null, 'name'), pressed(orderOf('name'), 'name'), pressed(orderOf('-name'), 'name'), pressed(orderOf('-name'), 'items')]).toEqual(['name', '-name', '', 'items']);
});
