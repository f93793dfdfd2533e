/// What a classification head predicts, and so which loss belongs to it.
package enum ProblemKind: Sendable, Equatable, CaseIterable {
  /// One real number for each output; mean squared error.
  case regression
  /// One class of several; softmax.
  case singleLabel
  /// Any number of classes; a sigmoid for each.
  case multiLabel

  /// The value of `problem_type`.
  package var name: String {
    switch self {
    case .regression: "regression"
    case .singleLabel: "single_label_classification"
    case .multiLabel: "multi_label_classification"
    }
  }
}

extension ModelConfiguration {
  /// The names of the classes by index: `id2label`, else as many default names (`LABEL_0`, …) as `num_labels` says,
  /// else 2.
  ///
  /// - Throws: where the indices are not 0, 1, 2, …, a name occurs twice, `label2id` is not the inverse of `id2label`,
  ///   or `num_labels` differs from their number.
  package func labels() throws(ConfigurationError) -> [String] {
    guard let map = self["id2label"] else {
      let count = try integer("num_labels", default: 2)
      // The names are made here, so a number that is only claimed must not decide about memory.
      guard (1...Self.maximumLabels).contains(count) else { throw .labelCount(path, count: count) }
      return (0..<count).map { "LABEL_\($0)" }
    }
    guard let members = map.members else {
      throw .wrongType(path, key: "id2label", expected: "an object", found: map.kind)
    }
    var labels = [String?](repeating: nil, count: members.count)
    for member in members {
      guard let label = member.value.string else {
        throw .wrongType(path, key: "id2label.\(member.key)", expected: "a string", found: member.value.kind)
      }
      // "01" and "1" would be the same index twice: the slot must be free.
      guard let index = Int(member.key), labels.indices.contains(index), labels[index] == nil else {
        throw .labelIndices(path, keys: members.map(\.key))
      }
      labels[index] = label
    }
    let names = labels.compactMap { $0 }
    guard !names.isEmpty else { throw .labelCount(path, count: 0) }
    if let count = self["num_labels"] {
      guard try integer("num_labels") == names.count else {
        throw .labelCountMismatch(path, numLabels: count.integer ?? 0, labels: names)
      }
    }
    try requireInverse(of: names)
    return names
  }

  /// The number of outputs of the head.
  package func labelCount() throws(ConfigurationError) -> Int { try labels().count }

  /// The most classes for which default names are made.
  static let maximumLabels = 1_000_000

  private func requireInverse(of names: [String]) throws(ConfigurationError) {
    var indexByName: [[UInt8]: Int] = [:]
    for (index, name) in names.enumerated() {
      if let other = indexByName.updateValue(index, forKey: Array(name.utf8)) {
        throw .duplicateLabel(path, label: name, first: other, second: index)
      }
    }
    guard let inverse = self["label2id"] else { return }
    guard let members = inverse.members else {
      throw .wrongType(path, key: "label2id", expected: "an object", found: inverse.kind)
    }
    let agree =
      members.count == names.count
      && members.allSatisfy { member in
        guard let index = member.value.integer else { return false }
        return indexByName[Array(member.key.utf8)] == index
      }
    guard agree else {
      throw .labelMapsDisagree(
        path, id2label: (self["id2label"] ?? .null).serialized(indentation: nil),
        label2id: inverse.serialized(indentation: nil))
    }
  }

  /// What the head predicts: `problem_type`; where that is absent or null, one label means regression and several mean
  /// one class of them, as `transformers` decides for integer labels.
  package func problemKind() throws(ConfigurationError) -> ProblemKind {
    if self["problem_type"] != nil {
      let name = try string("problem_type")
      guard let kind = ProblemKind.allCases.first(where: { $0.name == name }) else {
        throw .unknownProblemType(path, name)
      }
      return kind
    }
    return try labelCount() == 1 ? .regression : .singleLabel
  }
}
