import Foundation

import Testing

@testable import Reporting

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// One element of a parsed page.
struct ParsedElement {
  var name: String
  var attributes: [String: String]
  /// The text directly inside.
  var text = ""
  /// The names of the elements around it, outermost first.
  var ancestors: [String]

  func number(_ attribute: String) -> Double? { attributes[attribute].flatMap(Double.init) }
  /// The value of an attribute that must be there and be a number.
  func place(_ attribute: String) throws -> Double { try #require(number(attribute)) }
  func hasClass(_ name: String) -> Bool {
    attributes["class", default: ""].split(separator: " ").contains { $0 == name }
  }
}

/// All elements of `text` in the order of their start tags; nil where it is not well-formed XML.
func parsed(_ text: String) -> [ParsedElement]? {
  let collector = ElementCollector()
  let parser = XMLParser(data: Data(text.utf8))
  parser.delegate = collector
  return parser.parse() ? collector.elements : nil
}

func parsed(_ markup: Markup) -> [ParsedElement]? { parsed(markup.serialized) }

/// The elements of a section that must be there.
func elements(of section: Section?) throws -> [ParsedElement] {
  let section = try #require(section)
  return try #require(parsed(section.markup))
}

private final class ElementCollector: NSObject, XMLParserDelegate {
  var elements: [ParsedElement] = []
  private var open: [Int] = []

  func parser(
    _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements.append(.init(name: elementName, attributes: attributes, ancestors: open.map { elements[$0].name }))
    open.append(elements.count - 1)
  }

  func parser(_ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if let last = open.last { elements[last].text += string }
  }
}
