import Foundation

/// A colour in sRGB, 0...255.
struct Color: Equatable, Sendable {
  let red, green, blue: Double

  init(_ hex: UInt32) {
    (red, green, blue) = (Double(hex >> 16 & 0xFF), Double(hex >> 8 & 0xFF), Double(hex & 0xFF))
  }

  private init(red: Double, green: Double, blue: Double) { (self.red, self.green, self.blue) = (red, green, blue) }

  func mixed(with other: Color, _ share: Double) -> Color {
    Color(
      red: red + (other.red - red) * share, green: green + (other.green - green) * share,
      blue: blue + (other.blue - blue) * share)
  }

  var hex: String {
    "#"
      + [red, green, blue].map { channel in
        let text = String(Int(channel.rounded()), radix: 16)
        return text.count < 2 ? "0" + text : text
      }.joined()
  }

  /// Relative luminance, 0 (black) to 1 (white), with the gamma of sRGB rounded to 2.2.
  var luminance: Double {
    func linear(_ channel: Double) -> Double { pow(channel / 255, 2.2) }
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  }

  /// Black or white, whichever contrasts more: the border is where (L + 0.05)² = 0.05 · 1.05 (WCAG 2.1).
  var inkOnTop: String { luminance > 0.179 ? "#000000" : "#ffffff" }
}

/// Colours for numbers.
struct ColorScale: Sendable {
  private let stops: [Color]

  /// The colour at `fraction`, 0...1, between the two nearest control points.
  func color(_ fraction: Double) -> Color {
    let place = min(max(fraction, 0), 1) * Double(stops.count - 1)
    let index = min(Int(place), stops.count - 2)
    return stops[index].mixed(with: stops[index + 1], place - Double(index))
  }

  /// Dark to bright in even perceptual steps, ordered for colour-blind readers and in grey as well: ten points of
  /// viridis (Stéfan van der Walt and Nathaniel Smith for Matplotlib, 2015, CC0).
  static let sequential = ColorScale(
    stops: [
      0x440154, 0x482878, 0x3E4989, 0x31688E, 0x26828E, 0x1F9E89, 0x35B779, 0x6ECE58, 0xB5DE2B, 0xFDE725,
    ].map(Color.init))

  /// Orange below the middle, purple above: PuOr with nine classes (Cynthia Brewer, colorbrewer2.org), safe for
  /// colour-blind readers.
  static let diverging = ColorScale(
    stops: [
      0xB35806, 0xE08214, 0xFDB863, 0xFEE0B6, 0xF7F7F7, 0xD8DAEB, 0xB2ABD2, 0x8073AC, 0x542788,
    ].map(Color.init))
}
