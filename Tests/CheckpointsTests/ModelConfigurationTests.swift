import Foundation
import SystemPackage
import Testing

@testable import Checkpoints

@Suite("config.json")
struct ModelConfigurationTests {
  private let path: FilePath = "model/config.json"

  private func configuration(_ text: String) throws -> ModelConfiguration {
    try ModelConfiguration(JSON(parsing: Array(text.utf8)), path: path)
  }

  @Test("Values are read by name and type; null counts as absent")
  func values() throws {
    let config = try configuration(
      #"{"model_type":"bert","hidden_size":128,"eps":1e-12,"flag":true,"none":null,"architectures":["A","B"]}"#)
    #expect(try config.string("model_type") == "bert" && config.integer("hidden_size") == 128)
    #expect(try config.double("eps") == 1e-12 && config.double("hidden_size") == 128 && config.bool("flag"))
    #expect(try config.integer("none", default: 3) == 3 && config.integer("absent", default: 4) == 4)
    #expect(try config.string("model_type", default: "x") == "bert" && config.architectures() == ["A", "B"])
    #expect(try config.double("absent", default: 0.5) == 0.5 && config.bool("none", default: true))
    #expect(try configuration("{}").architectures() == [])
  }

  @Test("A missing key and a value of the wrong type are refused by file and key")
  func wrongValues() throws {
    let config = try configuration(#"{"hidden_size":"128","eps":0.5,"none":null,"architectures":"A"}"#)
    #expect(throws: ConfigurationError.missingKey(path, key: "model_type")) { try config.string("model_type") }
    #expect(throws: ConfigurationError.missingKey(path, key: "none")) { try config.integer("none") }
    #expect(
      throws: ConfigurationError.wrongType(path, key: "hidden_size", expected: "an integer", found: "a string")
    ) { try config.integer("hidden_size") }
    // A default is for what is absent, not for what is wrong.
    #expect(throws: ConfigurationError.self) { try config.integer("eps", default: 1) }
    #expect(throws: ConfigurationError.self) { try config.architectures() }
    #expect(ConfigurationError.missingKey(path, key: "k").description.hasPrefix("model/config.json, key k: "))
  }

  @Test("A file that is missing, no JSON or no object is refused")
  func files() throws {
    let scratch = try Scratch()
    let file = scratch.path.appending("config.json")
    #expect(throws: ConfigurationError.file(.unreadable(.missing(file)))) {
      try ModelConfiguration(directory: scratch.path)
    }
    try scratch.write("config.json", "{\"a\":1,\"a\":2}")
    #expect(throws: ConfigurationError.file(.malformed(file, JSONError(problem: .duplicateKey("a"), offset: 7)))) {
      try ModelConfiguration(directory: scratch.path)
    }
    try scratch.write("config.json", "[]")
    #expect(throws: ConfigurationError.notObject(file)) { try ModelConfiguration(directory: scratch.path) }
  }

  @Test("Labels come by their index, whatever the order in the file; else by number")
  func labels() throws {
    #expect(try configuration(#"{"id2label":{"1":"b","0":"a"},"label2id":{"a":0,"b":1}}"#).labels() == ["a", "b"])
    #expect(try configuration(#"{"num_labels":3}"#).labels() == ["LABEL_0", "LABEL_1", "LABEL_2"])
    #expect(try configuration("{}").labelCount() == 2)
    let eleven = (0..<11).map { #""\#($0)":"l\#($0)""# }.joined(separator: ",")
    #expect(try configuration(#"{"id2label":{\#(eleven)}}"#).labels()[10] == "l10")
  }

  @Test(
    "Indices that are not 0, 1, 2, … are refused",
    arguments: [["1", "2"], ["0", "2"], ["0", "x"], ["0", "00"], ["-1", "0"]])
  func labelIndices(_ keys: [String]) throws {
    let map = keys.map { #""\#($0)":"l\#($0)""# }.joined(separator: ",")
    #expect(throws: ConfigurationError.labelIndices(path, key: "id2label", indices: keys)) {
      try configuration(#"{"id2label":{\#(map)}}"#).labels()
    }
  }

  @Test(
    "label2id must be the inverse of id2label; the error shows both",
    arguments: [#"{"a":1,"b":0}"#, #"{"a":0}"#, #"{"a":0,"b":1,"c":2}"#, #"{"LABEL_1":0,"LABEL_0":1}"#])
  func labelMaps(_ inverse: String) throws {
    let expected = ConfigurationError.labelMapsDisagree(path, id2label: #"{"0":"a","1":"b"}"#, label2id: inverse)
    #expect(throws: expected) {
      try configuration(#"{"id2label":{"0":"a","1":"b"},"label2id":\#(inverse)}"#).labels()
    }
    #expect(expected.problem.contains(inverse) && expected.problem.contains(#"{"0":"a","1":"b"}"#))
  }

  @Test(
    "Names stand beside default names, alone, as numbers and as numbers in strings",
    arguments: [
      #"{"id2label":{"0":"a","1":"b"},"label2id":{"LABEL_0":0,"LABEL_1":1}}"#,
      #"{"id2label":{"0":"a","1":"b"},"label2id":{"LABEL_0":0,"LABEL_1":1,"LABEL_2":2}}"#,
      #"{"id2label":{"0":"LABEL_0","1":"LABEL_1"},"label2id":{"b":1,"a":0}}"#,
      #"{"id2label":{"0":"a","1":"b"},"label2id":{"a":"0","b":"1"}}"#,
      #"{"id2label":{"0":"a","1":"b"},"label2id":null}"#, #"{"label2id":{"b":1,"a":0}}"#,
    ])
  func namesInOneMap(_ text: String) throws {
    #expect(try configuration(text).labels() == ["a", "b"])
  }

  @Test("Names may be numbers, as star ratings are")
  func numbersAsNames() throws {
    #expect(try configuration(#"{"id2label":{"0":1,"1":2},"label2id":{"1":0,"2":1}}"#).labels() == ["1", "2"])
    #expect(throws: ConfigurationError.self) { try configuration(#"{"id2label":{"0":1.5}}"#).labels() }
    #expect(throws: ConfigurationError.labelIndices(path, key: "label2id", indices: ["0", "2"])) {
      try configuration(#"{"label2id":{"a":0,"b":2}}"#).labels()
    }
    // Two names for one class.
    #expect(throws: ConfigurationError.self) { try configuration(#"{"label2id":{"a":0,"b":0}}"#).labels() }
  }

  @Test("Numbers of labels that contradict each other or mean nothing, and names used twice, are refused")
  func labelCounts() throws {
    #expect(throws: ConfigurationError.labelCountMismatch(path, numLabels: 3, labels: ["a", "b"])) {
      try configuration(#"{"id2label":{"0":"a","1":"b"},"num_labels":3}"#).labels()
    }
    for count in [0, -1, 1 << 40] {
      #expect(throws: ConfigurationError.labelCount(path, count: count)) {
        try configuration(#"{"num_labels":\#(count)}"#).labels()
      }
    }
    #expect(throws: ConfigurationError.labelCount(path, count: 0)) { try configuration(#"{"id2label":{}}"#).labels() }
    #expect(throws: ConfigurationError.duplicateLabel(path, label: "a", first: 0, second: 1)) {
      try configuration(#"{"id2label":{"0":"a","1":"a"}}"#).labels()
    }
  }

  @Test("The kind of problem is problem_type, else follows from the number of labels")
  func problemKind() throws {
    #expect(try configuration(#"{"num_labels":1}"#).problemKind() == .regression)
    #expect(try configuration(#"{"problem_type":null,"num_labels":3}"#).problemKind() == .singleLabel)
    #expect(try configuration(#"{"problem_type":"regression","num_labels":3}"#).problemKind() == .regression)
    #expect(try configuration(#"{"problem_type":"multi_label_classification"}"#).problemKind() == .multiLabel)
    #expect(
      try configuration(#"{"problem_type":"single_label_classification","num_labels":1}"#).problemKind() == .singleLabel
    )
    let error = ConfigurationError.unknownProblemType(path, "single_label_clasification")
    #expect(throws: error) { try configuration(#"{"problem_type":"single_label_clasification"}"#).problemKind() }
    #expect(error.remedy.hasPrefix("did you mean single_label_classification?"))
  }

  @Test("A changed configuration keeps the order of its keys")
  func changes() throws {
    var config = try configuration(#"{"b":1,"a":{"x":[]},"c":null}"#)
    config.set("a", to: ["k": "v"])
    config.set("d", to: [1, 2.5, true, .null])
    config.remove("c")
    config.remove("absent")
    #expect(
      config.serialized() == """
        {
          "b": 1,
          "a": {
            "k": "v"
          },
          "d": [
            1,
            2.5,
            true,
            null
          ]
        }

        """)
  }
}

@Suite("Writing JSON")
struct JSONSerializeTests {
  @Test("what is no number is null, and read again as such", arguments: [Double.nan, .infinity, -.infinity])
  func notFinite(value: Double) throws {
    let text = JSON.array([.number(value), .number(1.5)]).serialized(indentation: nil)
    #expect(text == "[null,1.5]")
    #expect(try JSON(parsing: Array(text.utf8)) == [.null, 1.5])
  }

  @Test("What is written is read back as it was, indented or not")
  func roundTrip() throws {
    let text = String(decoding: (0..<0x80).map { UInt8($0) }, as: UTF8.self) + "é\u{65}\u{301}漢🙂\u{2028}"
    let value: JSON = [
      "text": .string(text), "empty": [], "none": .object([]), "small": .number(.leastNonzeroMagnitude),
      "large": .number(.greatestFiniteMagnitude),
      "integer": .integer(.min), "tenth": 0.1, "whole": 3.0, "nested": [[["a": .bool(false)]], .null],
    ]
    for indentation in [nil, 2] {
      #expect(try JSON(parsing: Array(value.serialized(indentation: indentation).utf8)) == value)
    }
    // Another reader agrees.
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(value.serialized().utf8)) as? [String: Any])
    #expect((object["text"] as? String)?.utf8.elementsEqual(text.utf8) == true && object["tenth"] as? Double == 0.1)
  }
}
