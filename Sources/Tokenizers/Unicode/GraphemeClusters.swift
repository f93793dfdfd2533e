/// The extended grapheme clusters of a text (UAX #29), as Swift's strings find them.
struct GraphemeClusters: Sequence, IteratorProtocol {
  private let text: ArraySlice<UInt32>
  private var position: Int

  init(_ text: ArraySlice<UInt32>) {
    self.text = text
    position = text.startIndex
  }

  mutating func next() -> Range<Int>? {
    guard position < text.endIndex else { return nil }
    let start = position
    position = end(of: start)
    return start..<position
  }

  private func end(of start: Int) -> Int {
    let next = start + 1
    guard next < text.endIndex else { return next }
    if text[start] < 0x300 && text[next] < 0x300 {
      // CR LF; the soft hyphen and all controls stand alone.
      return text[start] == 0x0D && text[next] == 0x0A ? next + 1 : next
    }
    // The cluster ends no later than before the next scalar below U+0300.
    var stop = next
    while stop < text.endIndex, text[stop] >= 0x300, stop - start < 1000 { stop += 1 }
    var view = String.UnicodeScalarView()
    for value in text[start..<stop] { if let scalar = Unicode.Scalar(value) { view.append(scalar) } }
    guard view.count == stop - start, let first = String(view).first else { return next }
    return start + first.unicodeScalars.count
  }
}
