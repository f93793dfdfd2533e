/// What the entries of a label column stand for.
package enum LabelReading: Sendable, Equatable, Codable {
  /// A name of a class, or the number of one. What could be both is an error.
  case recognized
  /// The names of classes, also where these are digits.
  case byName
  /// The numbers of classes, from 0.
  case byNumber
  /// What is listed, each with a class: its name, else its number.
  case listed([Entry])

  /// One text of the label column and the class that it stands for.
  package struct Entry: Sendable, Equatable, Codable {
    package let text: String
    package let meaning: String

    package init(_ text: String, _ meaning: String) { (self.text, self.meaning) = (text, meaning) }
  }

  /// As a word in recipes and options; nil for a list.
  package init?(word: String) {
    switch word.replacing("-", with: "_") {
    case "by_name": self = .byName
    case "by_number": self = .byNumber
    default: return nil
    }
  }

  /// The words of ``init(word:)``.
  package static let words = ["by_name", "by_number"]
}
