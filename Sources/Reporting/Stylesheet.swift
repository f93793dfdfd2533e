/// The page's style. Only characters that mean nothing in markup, since HTML reads a style unescaped and XML does not.
enum Stylesheet {
  static let text = variables + page + tables + figures + printing

  /// The series colours are those of Okabe and Ito (2008), made for colour-blind readers, without yellow, which cannot
  /// be seen on white; blue and grey are brighter on a dark page.
  private static let light = """
    --paper: #ffffff; --ink: #1c232b; --soft: #57626e; --line: #c9d1d9; --grid: #e5e9ed; --tint: #f3f6f8;
    --best: #e3f0fa; --s0: #0072b2; --s1: #d55e00; --s2: #009e73; --s3: #cc79a7; --s4: #e69f00; --s5: #56b4e9;
    --s6: #6b7580; --on0: #ffffff;
    """

  private static let dark = """
    --paper: #14191f; --ink: #e3e8ed; --soft: #a2adb8; --line: #46505b; --grid: #2a323b; --tint: #1d242c;
    --best: #17354a; --s0: #3b95d0; --s1: #f0772a; --s2: #1fb88c; --s3: #d98fba; --s4: #eab03a; --s5: #8accf2;
    --s6: #9aa5b1; --on0: #10151a;
    """

  private static let variables = """
    :root { color-scheme: light dark; \(light) }
    @media (prefers-color-scheme: dark) { :root { \(dark) } }

    """

  /// What a picture needs that stands alone, on the reader's own background.
  static let ofPictures = variables + figures

  private static let page = """
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
    main { max-width: 1120px; margin: 0 auto; padding: 28px 24px 56px; }
    h1 { font-size: 26px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
    h2 { font-size: 19px; margin: 0 0 12px; }
    h3 { font-size: 15px; margin: 18px 0 6px; }
    section { margin-top: 30px; padding-top: 20px; border-top: 1px solid var(--line); }
    .method { margin: 4px 0 0; color: var(--soft); overflow-wrap: anywhere; }
    .note { margin: 0 0 12px; max-width: 76ch; color: var(--soft); font-size: 13.5px; overflow-wrap: anywhere; }
    .beside + .note { margin: 10px 0 0; }
    nav { margin-top: 18px; font-size: 13.5px; display: flex; flex-wrap: wrap; gap: 4px 18px; }
    nav a { color: var(--s0); text-decoration: none; }
    nav a:hover { text-decoration: underline; }
    .tiles { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 20px; }
    .tile { background: var(--tint); border-radius: 6px; padding: 10px 16px; min-width: 104px; max-width: 260px; }
    .tile.main { background: var(--best); }
    .tile b { display: block; font-size: 22px; line-height: 1.3; font-variant-numeric: tabular-nums; }
    .tile span { font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
    dl { margin: 16px 0 0; font-size: 13.5px; }
    dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
    dl.settings { display: flex; flex-wrap: wrap; gap: 6px 26px; }
    dl.facts div { margin-bottom: 6px; }
    pre { margin: 0; padding: 12px 14px; background: var(--tint); border-radius: 6px; overflow-x: auto; }
    pre, code { font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
    details { margin-top: 12px; } summary { cursor: pointer; font-size: 13.5px; color: var(--soft); }

    """

  private static let tables = """
    .scroll { overflow-x: auto; max-width: 100%; }
    table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
    th, td { padding: 5px 8px; text-align: right; border-bottom: 1px solid var(--grid); }
    th:first-child, .metric, .scores th:nth-child(2) { text-align: left; }
    thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; border-bottom-color: var(--line); }
    tbody th { font-weight: 500; }
    .scores thead th { max-width: 98px; }
    td { white-space: nowrap; } td.metric { color: var(--soft); }
    td small { color: var(--soft); font-size: 11.5px; }
    th.best, td.best, tr.best th, tr.best td { background: var(--best); } td.best { font-weight: 600; }
    tr.mean th, tr.mean td { border-top: 1px solid var(--line); font-weight: 600; }
    td svg { display: block; } .solves tbody th { overflow-wrap: anywhere; }

    """

  private static let figures = """
    .beside { display: flex; flex-wrap: wrap; gap: 18px 24px; align-items: flex-start; }
    .beside figure { max-width: 410px; } .beside figure.wide { max-width: 100%; }
    .multiples { display: flex; flex-wrap: wrap; gap: 18px 20px; align-items: flex-end; }
    figure { margin: 0 0 6px; max-width: 100%; } section figure + figure { margin-top: 20px; }
    .multiples figure + figure { margin-top: 0; }
    figcaption { font-size: 13.5px; font-weight: 600; margin-bottom: 6px; overflow-wrap: anywhere; }
    .map figcaption { max-width: 320px; }
    .key { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0 10px; margin-bottom: 12px;
      font-size: 13.5px; color: var(--soft); }
    .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 3px 16px; margin: 0 0 8px; padding: 0;
      font-size: 13px; max-width: 700px; }
    .scroll + .legend { margin-top: 8px; }
    .legend li { overflow-wrap: anywhere; } .legend svg { vertical-align: -2px; }
    svg { display: block; } .legend svg { display: inline; }
    svg text { font: 12px system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: var(--ink); }
    svg .tick, svg .title { fill: var(--soft); font-size: 11.5px; }
    svg .in { font-size: 11.5px; } svg text.strong { font-weight: 600; }
    svg .on-bar { fill: #10151a; font-weight: 600; } svg .on-bar.c0 { fill: var(--on0); }
    .grid { stroke: var(--grid); } .axis { stroke: var(--line); }
    .missing { fill: var(--tint); stroke: var(--line); stroke-dasharray: 2 2; }
    .c0 { --c: var(--s0); } .c1 { --c: var(--s1); } .c2 { --c: var(--s2); } .c3 { --c: var(--s3); }
    .c4 { --c: var(--s4); } .c5 { --c: var(--s5); } .c6 { --c: var(--s6); } .ink { --c: var(--ink); }
    .mark { fill: var(--c); stroke: var(--paper); stroke-width: 0.75; }
    .error { stroke: var(--c); stroke-width: 1.5; } .bar { fill: var(--c); stroke: var(--paper); }
    .curve { fill: none; stroke: var(--c); stroke-width: 1.5; } .curve.strong { stroke-width: 3; }
    .guide { stroke: var(--soft); stroke-dasharray: 4 3; }
    .guide.strong { stroke: var(--ink); stroke-dasharray: none; stroke-width: 1.5; }
    .band { fill: var(--c); } .faint { opacity: 0.35; } .middle { opacity: 0.5; }
    .median { stroke: var(--paper); stroke-width: 2; }

    """

  private static let printing = """
    @media print {
      :root { color-scheme: light; \(light) }
      body { font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      main { padding: 0; max-width: none; } nav { display: none; }
      figure, tr, .key { break-inside: avoid; } h2, h3, figcaption { break-after: avoid; }
      .scroll { overflow: visible; } .beside { display: block; } table { font-size: 9pt; }
      pre { white-space: pre-wrap; overflow-wrap: anywhere; }
    }

    """
}
