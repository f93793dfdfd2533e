import Checkpoints
import Datasets
import Encoders
import LinearAlgebra
import ModelMerging
import Recipes
import StatisticsFiles
import TeamEstimation
import Tokenizers

extension Reader {
  /// Every reader of foreign bytes.
  package static let all: [Reader] = [
    Reader("json", seeds: Seeds.json, words: Words.json) { input in
      let value = try JSON(parsing: input)
      try require(JSON(parsing: Array(value.serialized().utf8)) == value, "JSON is the same when it is read again")
    },
    Reader("safetensors", seeds: [safetensors(Seeds.header)], words: Words.safetensors) { input in
      try checkSafetensors(SafetensorsFile(MappedFile(path: "model.safetensors", contents: input)))
    },
    // Under a length that is right, so that mutations reach what follows it.
    Reader("safetensors-header", seeds: [Seeds.header], words: Words.safetensors) { input in
      try checkSafetensors(SafetensorsFile(MappedFile(path: "model.safetensors", contents: safetensors(input))))
    },
    Reader("pickle-archive", seeds: Seeds.pickles.map(torchArchive), words: Words.pickle) { input in
      checkPickle(try PickleFile(MappedFile(path: "pytorch_model.bin", contents: input)))
    },
    // In an archive that is right, so that mutations reach the pickle.
    Reader("pickle", seeds: Seeds.pickles, words: Words.pickle) { input in
      checkPickle(try PickleFile(MappedFile(path: "pytorch_model.bin", contents: torchArchive(input))))
    },
    Reader("index", seeds: Seeds.index, words: Words.json + ["..", "../", "/etc/passwd", "\\u0000"]) { input in
      let index = try ShardIndex(MappedFile(path: "model.safetensors.index.json", contents: input))
      for name in index.names {
        require(!name.utf8.contains { $0 == 0x2F || $0 == 0 } && ![".", "..", ""].contains(name), "a plain file name")
      }
    },
    Reader("config", seeds: Seeds.configuration, words: Words.configuration) { input in
      let settings = try ModelConfiguration(
        JSON(MappedFile(path: "config.json", contents: input)), path: "config.json")
      let labels = Result { try settings.labels() }
      for hasHead in [false, true] {
        for family in Family.all {
          // What one family refuses another may take.
          guard let sizes = try? EncoderConfiguration(settings, family: family, hasHead: hasHead) else { continue }
          require(sizes.hidden % sizes.heads == 0 && sizes.layers > 0, "sizes that can be computed with")
          require(sizes.variant.isPossible(sizes), "a variant that can be computed")
          require(!hasHead || sizes.outputs == (try? labels.get().count), "as many outputs as labels")
        }
      }
      _ = try settings.architectures()
    },
    Reader("tokenizer-json", seeds: [Seeds.tokenizer], words: Words.tokenizer) { input in
      checkTokenizer(
        try Tokenizer(
          tokenizerJSON: MappedFile(path: "tokenizer.json", contents: input)))
    },
    Reader("tokenizer-config", seeds: Seeds.tokenizerConfiguration, words: Words.tokenizer) { input in
      let configuration = MappedFile(path: "tokenizer_config.json", contents: input)
      checkTokenizer(
        try Tokenizer(
          vocabulary: MappedFile(path: "vocab.txt", contents: Array(Seeds.vocabulary.utf8)),
          configuration: configuration))
      checkTokenizer(
        try Tokenizer(
          tokenizerJSON: MappedFile(path: "tokenizer.json", contents: Array(Seeds.tokenizer.utf8)),
          configuration: configuration))
    },
    Reader("vocabulary", seeds: [Seeds.vocabulary], words: ["[UNK]", "[CLS]", "##", "\r\n", "\u{301}"]) { input in
      checkTokenizer(
        try Tokenizer(
          vocabulary: MappedFile(path: "vocab.txt", contents: input)))
    },
    Reader("data-jsonl", seeds: Seeds.jsonLines, words: Words.data) { try checkData($0, .jsonLines) },
    Reader("data-csv", seeds: Seeds.csv, words: Words.data) { try checkData($0, .csv) },
    Reader("data-tsv", seeds: Seeds.tsv, words: Words.data) { try checkData($0, .tsv) },
    Reader("recipe", seeds: Seeds.recipes, words: Words.recipe) { input in
      let recipe = try Recipe(
        MappedFile(path: "recipe.yaml", contents: input), methods: MergeMethods.declarations)
      require(recipe.models.count >= 2, "something to merge")
      require(recipe.models.allSatisfy { !$0.name.utf8.contains(0x2F) && $0.name.first != "." }, "plain names")
      require(recipe.models.allSatisfy { $0.weight.isFinite }, "weights that are weights")
    },
    Reader("statistics", seeds: Seeds.statistics, words: Words.statistics) { input in
      let file = try StatisticsFile(
        SafetensorsFile(MappedFile(path: "statistics.safetensors", contents: safetensors(input))))
      require(file.examples > 0 && file.tokens >= file.examples, "sums of examples")
      let tensors = file.description.tensors
      require(tensors.count <= file.file.tensors.count, "no more tensors than are stored")
      for tensor in tensors {
        let values = Buffer<Double>(count: tensor.count)
        try file.read(tensor.name, 0..<tensor.count, into: values.vector)
      }
    },
    Reader("checkpoint", seeds: Seeds.checkpoint, words: Words.checkpoint) { input in
      let file = try CheckpointFile(
        SafetensorsFile(MappedFile(path: "task.0-0.sums", contents: safetensors(input))))
      require(file.sums.blockCount > 0, "sums of blocks")
      _ = try? file.requireIntact()
    },
    Reader("tokenized-examples", seeds: Seeds.tokenizedExamples) { input in
      let examples = try TokenizedExamples(decoding: input)
      require(examples.bytes == input, "the same bytes again")
      for index in 0..<examples.count { _ = examples[index].ids.reduce(0, ^) }
    },
  ]

  package static func named(_ name: String) -> Reader? { all.first { $0.name == name } }
}

/// A safetensors file with this header and as many bytes of data as its last offset asks for, if that is not too many.
func safetensors(_ header: [UInt8]) -> [UInt8] {
  let members = (try? JSON(parsing: header))?.members ?? []
  let end = members.compactMap { $0.value["data_offsets"]?.array?.last?.integer }.max() ?? 0
  let length = UInt64(header.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header
    + Array(repeating: 0, count: (0...4096).contains(end) ? end : 0)
}

func safetensors(_ header: String) -> [UInt8] { safetensors(Array(header.utf8)) }

private func checkSafetensors(_ file: SafetensorsFile) throws {
  var end = (file.tensors.map(\.byteRange.lowerBound).min() ?? file.mapped.bytes.count)
  for tensor in file.storedTensors {
    require(tensor.description.byteRange.lowerBound == end, "no hole and no overlap")
    require(
      tensor.description.byteRange.count * 8 == tensor.shape.reduce(1, *) * tensor.type.bits, "the shape's own length")
    end = tensor.description.byteRange.upperBound
    _ = tensor.firstNonFinite()
    _ = tensor.matrix
  }
  require(end == file.mapped.bytes.count, "the data fill the file")
}

private func checkPickle(_ file: PickleFile) {
  for tensor in file.storedTensors {
    require(tensor.bytes.count * 8 == tensor.shape.reduce(1, *) * tensor.type.bits, "the shape's own length")
    _ = tensor.bytes.reduce(0, ^)
    _ = tensor.firstNonFinite()
    _ = tensor.matrix
  }
  require(file.copiedBytes <= file.mapped.bytes.count, "copies no larger than the file")
}

/// What every tokenizer must make of any text.
private func checkTokenizer(_ tokenizer: Tokenizer) {
  for text in ["Hello, unaffable world [MASK]!", "e\u{301}\u{327}\u{4E00}\u{AC01}\u{0}\u{200D}aaaaaaaaaa", ""] {
    let room = tokenizer.specialCount(isPair: true) + 5
    let encoding = tokenizer.encode(text, pair: "b [SEP]", maximumLength: room)
    require(encoding.ids.count == encoding.typeIDs.count && encoding.ids.count <= room, "no longer than asked for")
    require(encoding.ids.allSatisfy { $0 >= 0 }, "ids that index a table")
  }
}

/// The tokenizer of ``Seeds/vocabulary``.
let seedTokenizer: Tokenizer = {
  let file = MappedFile(path: "vocab.txt", contents: Array(Seeds.vocabulary.utf8))
  guard let tokenizer = try? Tokenizer(vocabulary: file) else {
    preconditionFailure("the seed is a vocabulary")
  }
  return tokenizer
}()

private func checkData(_ input: [UInt8], _ format: DataFile.Format) throws {
  let map = LabelMap(names: ["no", "yes", "2"])
  let file = try DataFile(MappedFile(path: "data", contents: input), format: format)
  // The kind of labels is the model's, not the file's: any may meet any.
  var refusal: (any Error)?
  var accepted = 0
  for scheme in [LabelScheme.classes(map), .multiLabel(map), .number, .ignored] {
    do {
      let table = try ExampleTable(file: file, needsLabel: scheme != .ignored)
      let examples = try Dataset.load(table, labels: scheme, tokenizer: seedTokenizer, maximumLength: 16)
      require(examples.count == file.rowCount, "every row is an example")
      require((0..<examples.count).allSatisfy { (1...16).contains(examples.length($0)) }, "no longer than asked for")
      try require(TokenizedExamples(decoding: examples.bytes) == examples, "the same when sent")
      accepted += 1
    } catch {
      refusal = error
    }
  }
  if let refusal, accepted == 0 { throw refusal }
}
