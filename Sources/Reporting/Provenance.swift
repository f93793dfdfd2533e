extension Report {
  /// From what and by what the result was made.
  package struct Provenance: Sendable {
    /// A file or model and its hash.
    package struct Input: Sendable {
      package var name: String
      package var hash: String

      package init(_ name: String, hash: String) {
        self.name = name
        self.hash = hash
      }
    }

    /// The recipe as it stands in its file.
    package var recipe: String
    package var command: String
    package var planHash: String
    /// The program and its version.
    package var program: String
    package var inputs: [Input]

    package init(
      recipe: String = "", command: String = "", planHash: String = "", program: String = "", inputs: [Input] = []
    ) {
      self.recipe = recipe
      self.command = command
      self.planHash = planHash
      self.program = program
      self.inputs = inputs
    }
  }
}

extension Report.Provenance {
  var section: Section? {
    var content: [Markup] = []
    if !command.isEmpty { content += [tag("h3", text: "Command"), tag("pre", text: command)] }
    if !recipe.isEmpty { content += [tag("h3", text: "Recipe"), tag("pre", text: recipe)] }
    let facts = [("plan hash", planHash), ("program", program)].filter { !$0.1.isEmpty }
    if !facts.isEmpty {
      content.append(
        tag(
          "dl", ["class": "facts"],
          facts.map { tag("div", [:], [tag("dt", text: $0.0), tag("dd", [:], [tag("code", text: $0.1)])]) }))
    }
    if !inputs.isEmpty {
      let list = inputs.map {
        tag("div", [:], [tag("dt", text: $0.name), tag("dd", [:], [tag("code", text: $0.hash)])])
      }
      content.append(
        tag(
          "details", [:],
          [tag("summary", text: "Hashes of \(inputs.count) inputs"), tag("dl", ["class": "facts"], list)]))
    }
    return content.isEmpty ? nil : Section(id: "provenance", heading: "Provenance", content: content)
  }
}
