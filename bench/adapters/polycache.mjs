/** polycache as its users get it: the built package, its default key. */
export async function create(setup, { entry }) {
  const { cached, lru, Tags, unbounded } = await import(entry)
  const store = setup.max === undefined ? unbounded() : lru({ max: setup.max })
  const options = {}
  if (setup.ttl !== undefined) options.ttl = setup.ttl
  if (setup.jitter !== undefined) options.jitter = setup.jitter
  if (setup.staleWhileRevalidate !== undefined) options.staleWhileRevalidate = setup.staleWhileRevalidate
  const tags = setup.tags === undefined ? undefined : new Tags()
  if (tags !== undefined) options.tags = tags.of(setup.tags)
  const call = cached(store, options)(setup.load)
  return { call, tags, invalidate: call.invalidate, expire: call.expire, clear: call.clear, stats: call.stats }
}
