/** A document as it came from the server. */
export interface Document {
  readonly number: number
  readonly package: string
  readonly version: number
  readonly text: string
}

/** Makes the function that everything here is about: it asks the server, every time. */
export function reader(url: string): (number: number) => Promise<Document> {
  return async function readDocument(number) {
    const response = await fetch(`${url}/documents/${number}`)
    if (!response.ok) throw new Error(`the server answered ${response.status} for document ${number}`)
    const { headers } = response
    const text = await response.text()
    return { number, package: headers.get('x-package') ?? '', version: Number(headers.get('x-version')), text }
  }
}
