import Checkpoints
import Datasets

/// Small valid files of every kind.
enum Seeds {
  static let json = [
    #"{"a":[1,-2.5e3,true,false,null],"é\u00e9":"\"\\\/\b\f\n\r\t\ud83d\ude00","":{"x":{},"y":[]}}"#, "[[[[0]]]]", "0",
  ]

  static let header = """
    {"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},\
    "h":{"dtype":"F16","shape":[4],"data_offsets":[24,32]},"e":{"dtype":"BF16","shape":[0,7],"data_offsets":[32,32]},\
    "s":{"dtype":"F64","shape":[],"data_offsets":[32,40]},"i":{"dtype":"I64","shape":[1,2],"data_offsets":[40,56]}}
    """

  static let index = [
    """
    {"metadata":{"total_size":8},"weight_map":{"a.weight":"model-00001-of-00002.safetensors",\
    "b":"model-00002-of-00002.safetensors"}}
    """
  ]

  private static let sizes = """
    "model_type":"bert","num_hidden_layers":2,"hidden_size":128,"num_attention_heads":2,"intermediate_size":512,\
    "vocab_size":30522,"max_position_embeddings":512,"type_vocab_size":2,"layer_norm_eps":1e-12,"hidden_act":"gelu"
    """
  static let configuration = [
    """
    {"architectures":["BertForSequenceClassification"],\(sizes),"id2label":{"0":"no","1":"yes"},\
    "label2id":{"no":0,"yes":1},"problem_type":null}
    """,
    #"{\#(sizes),"num_labels":3,"problem_type":"multi_label_classification","position_embedding_type":"absolute"}"#,
    #"{\#(sizes),"num_labels":1,"problem_type":"regression"}"#,
    #"{\#(sizes),"embedding_size":64,"num_hidden_groups":2,"inner_group_num":1}"#,
    """
    {\(sizes),"relative_attention":true,"pos_att_type":["p2c","c2p"],"position_buckets":32,"max_relative_positions":-1,\
    "share_att_key":true,"norm_rel_ebd":"layer_norm","position_biased_input":false,"conv_kernel_size":3,"conv_groups":2,\
    "conv_act":"tanh","pooler_hidden_act":"gelu"}
    """,
    """
    {\(sizes),"norm_eps":1e-5,"norm_bias":false,"local_attention":16,"layer_types":["full_attention",\
    "sliding_attention"],"rope_parameters":{"full_attention":{"rope_theta":160000.0,"rope_type":"default"},\
    "sliding_attention":{"rope_theta":1e4}},"global_attn_every_n_layers":3,"classifier_pooling":"mean"}
    """,
  ]

  static let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\nun\n##aff\n##able\nworld\n##!\n,\ne\n一\n"

  static let tokenizer = """
    {"version":"1.0","truncation":{"direction":"Right","max_length":512,"strategy":"LongestFirst","stride":0},\
    "padding":null,"added_tokens":[{"id":1,"content":"[UNK]","single_word":false,"lstrip":true,"rstrip":false,\
    "normalized":false,"special":true},{"id":10,"content":"Hello","single_word":true,"lstrip":false,"rstrip":true,\
    "normalized":true,"special":false}],"normalizer":{"type":"BertNormalizer","clean_text":true,\
    "handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},\
    "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},\
    {"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},\
    {"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],\
    "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[0],"tokens":["[CLS]"]}}},"decoder":null,\
    "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,\
    "vocab":{"[CLS]":0,"[UNK]":1,"a":2,"##a":3,"un":4,"##aff":5,"##able":6,"world":7,"e":8,"[SEP]":9}}}
    """

  static let tokenizerConfiguration = [
    """
    {"tokenizer_class":"BertTokenizer","do_lower_case":true,"do_basic_tokenize":true,"never_split":null,\
    "strip_accents":null,"tokenize_chinese_chars":true,"model_max_length":512,"truncation_side":"left",\
    "unk_token":"[UNK]","cls_token":{"content":"[CLS]"},"sep_token":"[SEP]","added_tokens_decoder":{"1":\
    {"content":"[UNK]","lstrip":false,"rstrip":false,"normalized":false,"single_word":false,"special":true}}}
    """
  ]

  static let jsonLines = [
    "{\"text\":\"un\\u0061ffable world\",\"label\":1}\n\n{\"label\":\"no\",\"text\":\"a\"}\n",
    "{\"sentence1\":\"a\",\"sentence2\":\"world\",\"label\":[0,1,1]}\r\n"
      + "{\"sentence1\":\"a\",\"sentence2\":\"a\",\"label\":[\"yes\"]}",
    "{\"text\":\"world\",\"label\":2.0}",
  ]
  static let csv = [
    "text,label\n\"a, \"\"un\"\"\nworld\",yes\na,1\r\n", "sentence1,sentence2,label\na,world,\"[0,1,1]\"\n",
    "\u{FEFF}question,sentence,label,x\na,a,0.5,\n",
  ]
  static let tsv = ["sentence\tlabel\na \"world\t1\n", "#1 String\t#2 String\tQuality\na\ta\tyes\n"]

  static let recipes = [
    """
    merge_method: fisher
    base_model: base
    models:
      - model: a/one
        data: {file: a.jsonl, columns: [text, text_pair], label: label}
        parameters: {weight: 0.5}
      - model: "b"
        name: two
        statistics:
          - s.safetensors
        test: t.tsv
    parameters:
      examples: 512
      expectation: sampled
      draws: 3
      floor: 1e-6
      normalize: global
    dtype: float32
    out_dtype: bfloat16
    heads: merge
    """,
    """
    merge_method: regmean # of linear layers
    models: [{model: &m x, name: x, data: x.csv}, {model: *m, name: y, data: y.csv, validation: v.csv}]
    parameters: {off_diagonal: 0.9, ridge: 0, bias: mean, pooler: mean, seed: 7, max_length: 128}
    """,
    "merge_method: mask_fisher\nmodels:\n- {model: a, data: a.tsv}\n- {model: b, data: b.tsv}\n"
      + "parameters: {rule: paper}",
    "{\"merge_method\": \"linear\", \"models\": [{\"model\": \"a\"}, {\"model\": \"b\"}], \"out_dtype\": \"float16\"}",
  ]

  /// A header of a checkpoint. The hash is that of the description and no data.
  static let checkpoint = [checkpoint("0-17,20", count: 0), checkpoint("3", count: 4)]

  private static func checkpoint(_ blocks: String, count: Int) -> String {
    let sums: JSON = [
      "blocks": .string(blocks), "exponents": [[-40, -38], [-62]], "model": "sst2", "pass": 1,
      "processor": "Cooperlake", "version": 2, "seconds": 12.5, "settled": [[1], []], "task": "9f86d081884c7d65",
    ]
    let header: JSON = [
      "__metadata__": [
        "format": "pt", "fishermerge_checkpoint": .string(sums.serialized(indentation: nil)), "sha256": "0",
      ],
      "sums": ["dtype": "I64", "shape": [.integer(count)], "data_offsets": [0, .integer(8 * count)]],
    ]
    return header.serialized(indentation: nil)
  }

  /// A header of a statistics file: the masks, and with a Gram matrix.
  static let statistics = [statistics("mask-fisher", masks), statistics("gram", grams, expectation: "none")]

  private static let masks: [(String, [Int])] = [
    ("head_mask", [1, 1]), ("neuron_mask", [1, 2]), ("head_mask.second_moment", [1, 1]),
    ("neuron_mask.second_moment", [1, 2]),
  ]
  private static let grams: [(String, [Int])] = [
    ("gram.0.attention", 2), ("gram.0.attention_output", 2), ("gram.0.intermediate", 2), ("gram.0.output", 2),
    ("gram.pooler", 2),
  ].flatMap { name, width in
    [
      (name, [width * (width + 1) / 2]), ("\(name).sum", [width]), ("\(name).trace", [1]),
      ("\(name).second_moment", [1]),
    ]
  }

  private static func statistics(
    _ kind: String, _ tensors: [(String, [Int])], expectation: String = "expected"
  ) -> String {
    let part: JSON = [
      "data_sha256": "d", "examples_sha256": "e", "examples": 2, "tokens": 8, "selection": "all", "shard": "",
      "max_length": 16, "seed": "0",
    ]
    let metadata: JSON = [
      "format": "pt", "fishermerge_statistics": "3", "program": "fishermerge", "statistics": .string(kind),
      "expectation": .string(expectation), "draws": "0", "examples": "2", "tokens": "8", "seed": "0",
      "model_type": "bert", "layers": "1", "hidden": "2", "heads": "1", "intermediate": "2", "outputs": "2",
      "vocabulary": "5", "positions": "4", "token_types": "1", "model_sha256": "m", "tokenizer_sha256": "t",
      "data_sha256": "d",
      "examples_sha256": "e", "parts": .string(JSON.array([part]).serialized(indentation: nil)), "sha256": "0",
    ]
    var members = [JSON.Member(key: "__metadata__", value: metadata)]
    var end = 0
    for (name, shape) in tensors {
      let start = end
      end += 8 * shape.reduce(1, *)
      members.append(
        JSON.Member(
          key: name,
          value: [
            "dtype": "F64", "shape": .array(shape.map(JSON.integer)),
            "data_offsets": [.integer(start), .integer(end)],
          ]))
    }
    return JSON.object(members).serialized(indentation: nil)
  }

  static let tokenizedExamples: [[UInt8]] = {
    let map = LabelMap(names: ["no", "yes"])
    let rows = #"{"text":"a un","label":[1,0]}"# + "\n" + #"{"text":"unaffable world a","label":"1"}"#
    let schemes: [(LabelScheme, String)] = [
      (.ignored, rows), (.classes(map), rows.replacing("[1,0]", with: "0")),
      (.number, rows.replacing("[1,0]", with: "0.5")), (.multiLabel(map), rows.replacing("\"1\"", with: "[1]")),
    ]
    return schemes.map { scheme, text in
      let file = MappedFile(path: "data", contents: Array(text.utf8))
      do {
        let table = try ExampleTable(
          file: DataFile(file, format: .jsonLines), needsLabel: scheme != .ignored)
        return try Dataset.load(table, labels: scheme, tokenizer: seedTokenizer, maximumLength: 5).bytes
      } catch {
        preconditionFailure("the seed is valid: \(error)")
      }
    }
  }()
}

/// What the formats are made of, for mutations that keep an input nearly valid.
enum Words {
  static let json = [
    "{", "}", "[", "]", ":", ",", "\"", "\\u0000", "\\ud800", "\\ud83d\\ude00", "null", "true", "1e309", "-0", "1E+1",
    "\"weight_map\":", "\"metadata\":", "{\"a\":0}",
  ]
  static let safetensors =
    json + [
      "\"__metadata__\":{}", "\"dtype\":\"F4\"", "\"F6_E2M3\"", "\"C64\"", "\"BOOL\"", "\"shape\":[",
      "\"data_offsets\":[",
      "[0,0]", "[4294967296,4294967296]", "[9223372036854775807,2]",
    ]
  static let pickle = [
    "(", ".", ")", "]", "}", "t", "R", "b", "s", "u", "e", "Q", "cos\nsystem\n", "ctorch\nHalfStorage\n",
    "ctorch\nLongStorage\n", "h\u{0}", "h\u{1}", "r\u{1}\u{0}\u{0}\u{0}", "q\u{2}", "K\u{0}", "K\u{1}", "M\u{0}\u{1}",
    "J\u{0}\u{0}\u{0}\u{1}", "PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "PK\u{6}\u{6}", "PK\u{6}\u{7}", "m/data/0",
    "m/data.pkl",
  ]
  static let configuration =
    json + [
      "\"id2label\":{\"0\":\"a\"}", "\"label2id\":{}", "\"num_labels\":", "\"problem_type\":\"regression\"",
      "\"single_label_classification\"", "\"num_hidden_layers\":1000000000", "1048576", "1048577",
    ]
  static let tokenizer =
    json + [
      "\"##\"", "\"BertProcessing\"", "\"sep\":[\"[SEP]\",1]", "\"ids\":[", "\"max_length\":0", "2147483647",
      "2147483648",
      "\"Left\"", "\"strip_accents\":true", "1e30",
    ]
  static let data = json + ["\"\"", "\r\n", "\t", "\u{FEFF}", "text", "label", "\"[1,", "1.0", "[MASK]", "\u{301}"]
  static let recipe = [
    "&a ", "*a", "&a [*a]", "? ", "- ", ": ", "\n", "\n  ", "[", "]", "{", "}", "!!int ", "!!binary ", "| ", ">-\n",
    "\"",
    "'", "%YAML 1.1\n", "---\n", "...\n", "<<: ", "1:30", "190:20:30", "999999999999999999:0", "0x_7f", "0o17", ".inf",
    ".nan", "~", "compatibility:", "preset: ", "regmean++", "floor_only: ", "rule: ", "seed: ", "examples: ", "\u{85}",
    "\u{2028}", "\\x00",
  ]
  static let checkpoint =
    safetensors + [
      "\\\"blocks\\\":\\\"", "0-17", "-1", ",", "1099511627776", "9223372036854775807", "1e300", "\\\"pass\\\":",
      "\"I64\"",
      "[[", "]]", "null",
    ]
  static let statistics =
    safetensors + [
      "\"fisher\"", "\"mask-fisher,fisher\"", "\"mask-fisher,gram\"", "\"sampled\"", "\"fingerprints\":", "\"I64\"",
      "\"layers\":\"1048576\"", "\"gram.classifier\":", "\"parts\":\"[{}]\"", "\"4398046511103\"",
    ]
}
