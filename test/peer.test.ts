import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect } from 'chai'

import { peer } from '../src/peer.ts'

describe('a package that a sub-path needs', () => {
  it('is loaded where it is installed', () => {
    expect(peer('dataloader', 'polycache/batched')).to.be.a('function').with.property('name', 'DataLoader')
  })

  it('is named, with how to install it, where it is missing', () => {
    expect(() => peer('no-such-package-at-all', 'polycache/batched'))
      .to.throw('polycache/batched needs the package no-such-package-at-all: npm install no-such-package-at-all')
      .with.nested.property('cause.code', 'MODULE_NOT_FOUND')
  })

  it('is not called missing where it is there, and something that it needs itself is missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'polycache-peer-'))
    try {
      const broken = join(folder, 'broken.cjs')
      writeFileSync(broken, "require('no-such-package-at-all')")

      expect(() => peer(broken, 'polycache/batched')).to.throw("Cannot find module 'no-such-package-at-all'")
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
