extension Report {
  /// Scores of models on tasks: one row per task and metric, one column per model or method.
  package struct Accuracy: Sendable {
    /// What a column is, which decides what the reader's eye is led to.
    package enum Role: Sendable {
      /// Each task by the model that was trained for it: what merging tries to keep.
      case single
      /// A merged model; the best of these is emphasised.
      case merged
      /// The uniform average of the weights: what a method must beat.
      case average
      /// Anything else: ensemble, majority class.
      case other
    }

    package struct Column: Sendable {
      package var name: String
      package var role: Role

      package init(_ name: String, _ role: Role) {
        self.name = name
        self.role = role
      }
    }

    /// A score as a fraction: 1 is perfect. Shown times 100.
    package struct Score: Sendable {
      /// Nil, or not finite, where the metric is undefined for what the model answers: shown as such, and 0 in means.
      package var value: Double?
      package var standardError: Double?

      package init(_ value: Double?, standardError: Double? = nil) {
        self.value = value
        self.standardError = standardError
      }
    }

    package struct Row: Sendable {
      package var task: String
      /// The metric's name, such as "accuracy" or "Matthews".
      package var metric: String
      /// One per column; nil or missing at the end where it was not measured.
      package var scores: [Score?]

      package init(task: String, metric: String, scores: [Score?]) {
        self.task = task
        self.metric = metric
        self.scores = scores
      }
    }

    package var columns: [Column]
    package var rows: [Row]
    /// What the scores were measured on, in the caller's words.
    package var caption: String

    package init(columns: [Column], rows: [Row], caption: String = "") {
      self.columns = columns
      self.rows = rows
      self.caption = caption
    }
  }
}

extension Report.Accuracy {
  /// What was measured; nil where nothing was.
  func score(_ row: Int, _ column: Int) -> Score? {
    column < rows[row].scores.count ? rows[row].scores[column] : nil
  }

  /// The mean of a column over the tasks, nil unless all its scores were measured. A task with several metrics counts
  /// once; an undefined score counts as 0, as in every choice between models.
  func mean(_ column: Int) -> Double? {
    var byTask: [String: [Double]] = [:]
    for row in rows.indices {
      guard let score = score(row, column) else { return nil }
      byTask[rows[row].task, default: []].append(score.defined ?? 0)
    }
    guard !byTask.isEmpty else { return nil }
    // Summed in order of the names: the order of a dictionary changes from run to run, and with it the last bit.
    let means = byTask.sorted { $0.key < $1.key }.map { $0.value.reduce(0, +) / Double($0.value.count) }
    return means.reduce(0, +) / Double(means.count)
  }

  /// The merged column with the highest mean.
  var best: Int? {
    columns.indices.filter { columns[$0].role == .merged && mean($0) != nil }.max { mean($0)! < mean($1)! }
  }

  /// The means for the top of the page: best merged, single, uniform average.
  var keyMeans: [(name: String, value: Double)] {
    let others = [Role.single, .average].compactMap { role in columns.indices.first { columns[$0].role == role } }
    return ([best].compactMap { $0 } + others).compactMap { column in
      mean(column).map { (columns[column].name, $0) }
    }
  }
}

extension Report.Accuracy.Score {
  /// The value where it is defined.
  var defined: Double? { value.flatMap { $0.isFinite ? $0 : nil } }
}
