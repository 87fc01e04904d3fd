/** Run in a project into which the package has been installed, and none of those that its sub-paths need. */
import assert from 'node:assert/strict'

import { cached } from 'polycache'
import { batched } from 'polycache/batched'

assert.equal(await cached(new Map())(async (id) => id)('42'), '42')
assert.throws(() => batched(new Map())(async (ids) => ids), {
  message: 'polycache/batched needs the package dataloader: npm install dataloader',
})
