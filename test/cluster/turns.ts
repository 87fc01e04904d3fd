/** An origin takes its time: so many turns of the event loop and of its timers. */
export async function turnsOf(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 1))
}
