/// A piece of HTML or SVG as a tree, so that no text can reach the page unescaped.
enum Markup: Sendable, Equatable {
  case text(String)
  indirect case element(name: String, attributes: [Attribute], children: [Markup])

  struct Attribute: Sendable, Equatable {
    let name: String
    let value: String
  }

  /// The elements that may end in `/>`: void elements of HTML, and shapes of SVG. Others need an end tag in HTML.
  private static let selfClosing: Set<String> = [
    "meta", "br", "rect", "line", "circle", "path", "polyline", "polygon",
  ]

  /// The tree as text that is well-formed XML and HTML at once.
  var serialized: String {
    var text = ""
    write(into: &text)
    return text
  }

  private func write(into text: inout String) {
    switch self {
    case .text(let content): text += Self.escape(content)
    case .element(let name, let attributes, let children):
      text += "<\(name)"
      for attribute in attributes { text += " \(attribute.name)=\"\(Self.escape(attribute.value, quotes: true))\"" }
      if children.isEmpty, Self.selfClosing.contains(name) {
        text += "/>"
        return
      }
      text += ">"
      for child in children { child.write(into: &text) }
      text += "</\(name)>"
    }
  }

  /// `text` with the characters replaced that mean something in markup, and those that XML forbids.
  static func escape(_ text: String, quotes: Bool = false) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"" where quotes: result += "&quot;"
      // Parsers turn a line end in an attribute into a space.
      case "\n" where quotes: result += "&#10;"
      case "\r": result += "&#13;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value & 0xFFFE == 0xFFFE:
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension Markup: ExpressibleByStringInterpolation {
  init(stringLiteral value: String) { self = .text(value) }
}

/// What an attribute can be set to.
protocol AttributeValue {
  var attributeText: String { get }
}

extension String: AttributeValue {
  var attributeText: String { self }
}

extension Int: AttributeValue {
  var attributeText: String { "\(self)" }
}

extension Double: AttributeValue {
  /// A coordinate in pixels, to a hundredth. Figures leave out what is not finite; were one to slip through, it would
  /// be drawn at 0 and not break the picture.
  var attributeText: String { isFinite ? NumberText.trimmed(self, digits: 2) : "0" }
}

/// An element with children.
func tag(
  _ name: String, _ attributes: KeyValuePairs<String, any AttributeValue> = [:], _ children: [Markup] = []
) -> Markup {
  .element(
    name: name, attributes: attributes.map { .init(name: $0.key, value: $0.value.attributeText) }, children: children)
}

/// An element that holds text.
func tag(_ name: String, _ attributes: KeyValuePairs<String, any AttributeValue> = [:], text: String) -> Markup {
  tag(name, attributes, [.text(text)])
}

/// A picture of `width` × `height` pixels, never scaled, so that its text keeps its size. `label` is read aloud; a
/// picture without one is decoration.
func picture(width: Double, height: Double, label: String, _ children: [Markup]) -> Markup {
  let (width, height) = (width.rounded(.up), height.rounded(.up))
  let viewBox = "0 0 \(width.attributeText) \(height.attributeText)"
  let namespace = "http://www.w3.org/2000/svg"
  return label.isEmpty
    ? tag(
      "svg", ["xmlns": namespace, "width": width, "height": height, "viewBox": viewBox, "aria-hidden": "true"], children
    )
    : tag(
      "svg",
      ["xmlns": namespace, "width": width, "height": height, "viewBox": viewBox, "role": "img", "aria-label": label],
      children)
}
