/** What the comments in the examples of the pages stand for, see ../docs.test.ts. */
import { expect } from 'chai'

/** `// => value` */
export function is(actual: unknown, expected: unknown, place: string): void {
  expect(actual, place).to.deep.equal(expected)
}

/** `// => { name: value, ... }` */
export function includes(actual: unknown, expected: object, place: string): void {
  expect(actual, place).to.deep.include(expected)
}

/** `// throws Name: message`, or as much of the beginning of that as is given */
export async function throws(act: () => unknown, expected: string, place: string): Promise<void> {
  let thrown: unknown
  try {
    await act()
  } catch (error) {
    thrown = error
  }
  expect(thrown, `${place}: throws ${expected}`).to.not.equal(undefined)
  expect(String(thrown).slice(0, expected.length), place).to.equal(expected)
}
