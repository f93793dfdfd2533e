import Datasets
import Scheduling
import Testing

@Suite("Schedules of the estimation")
struct EstimationScheduleTests {
  /// Random tasks of random sizes, some of them without work, on random teams.
  struct Case {
    var tasks: [EstimationSchedule.Work] = []
    var teams: [Int] = []
    var smallestPart = 0.0

    init(seed: Int) {
      var generator = SplitMix64(seed: UInt64(seed))
      for _ in 0..<Int.random(in: 1...12, using: &generator) {
        let count = Int.random(in: 0..<[1, 10, 60, 300].randomElement(using: &generator)!, using: &generator)
        let first = Int.random(in: 0..<5, using: &generator)
        tasks.append(
          .init(
            blocks: (0..<count).map { (index: first + 2 * $0, work: Double.random(in: 0.5...2, using: &generator)) }))
      }
      teams = (0..<Int.random(in: 1...17, using: &generator)).map { _ in Int.random(in: 1...8, using: &generator) }
      if seed % 3 == 0 { smallestPart = Double.random(in: 0...20, using: &generator) }
    }
  }

  /// Every block once, in one tree per task.
  private func check(_ schedule: EstimationSchedule, _ tasks: [EstimationSchedule.Work], _ teams: [Int]) {
    for (task, work) in tasks.enumerated() {
      let parts = schedule.parts.enumerated().flatMap { team, parts in
        parts.filter { $0.task == task }.map { (team: team, part: $0) }
      }
      #expect(parts.flatMap(\.part.blocks.indices).sorted() == work.blocks.map(\.index).sorted())
      #expect(Set(parts.map(\.team)).count == parts.count, "a team has one part of a task")
      #expect(parts.filter { $0.part.parent == nil }.map(\.team) == [schedule.owners[task]])
      for (team, part) in parts {
        if let parent = part.parent {
          #expect(parts.contains { $0.team == parent && $0.part.children.contains(team) })
        }
        #expect(part.children.allSatisfy { child in parts.contains { $0.team == child && $0.part.parent == team } })
        // Up the tree one comes to the owner.
        var (current, steps) = (team, 0)
        while let next = parts.first(where: { $0.team == current })?.part.parent, steps <= parts.count {
          (current, steps) = (next, steps + 1)
        }
        #expect(current == schedule.owners[task])
      }
    }
  }

  @Test("every block is evaluated once, and its sums come to the task's owner", arguments: 0..<120)
  func complete(seed: Int) {
    let sample = Case(seed: seed)
    check(
      EstimationSchedule(tasks: sample.tasks, teams: sample.teams, smallestPart: sample.smallestPart), sample.tasks,
      sample.teams)
    check(EstimationSchedule.sequential(tasks: sample.tasks, teams: sample.teams), sample.tasks, sample.teams)
  }

  /// Plays the schedule: a team goes on with its next part when its part was handed over, which needs the receiver to
  /// be at it.
  ///
  /// Gives the time of the end; nil where everybody waits for somebody else.
  static func play(_ schedule: EstimationSchedule, teams: [Int], slowness: (Int) -> Double) -> Double? {
    var place = teams.map { _ in 0 }
    var now = teams.map { _ in 0.0 }
    var handed: [[Int: Double]] = teams.map { _ in [:] }  // By receiver: task × child.
    var computed = teams.map { _ in -1.0 }
    var left = schedule.parts.reduce(0) { $0 + $1.count }
    while left > 0 {
      var moved = false
      for team in teams.indices where place[team] < schedule.parts[team].count {
        let part = schedule.parts[team][place[team]]
        if computed[team] < 0 {
          computed[team] = now[team] + part.work * slowness(team) / Double(teams[team])
          moved = true
        }
        let arrived = part.children.compactMap { handed[team][part.task * teams.count + $0] }
        guard arrived.count == part.children.count else { continue }
        var end = max(computed[team], arrived.max() ?? 0)
        if let parent = part.parent {
          guard place[parent] < schedule.parts[parent].count, schedule.parts[parent][place[parent]].task == part.task
          else { continue }
          end = max(end, now[parent])
          handed[parent][part.task * teams.count + team] = end
        }
        (now[team], computed[team]) = (end, -1)
        place[team] += 1
        left -= 1
        moved = true
      }
      if !moved { return nil }
    }
    return now.max()
  }

  @Test("nobody waits for ever, however slow some teams are", arguments: 0..<120)
  func noDeadlock(seed: Int) {
    let sample = Case(seed: seed)
    for schedule in [
      EstimationSchedule(tasks: sample.tasks, teams: sample.teams, smallestPart: sample.smallestPart),
      EstimationSchedule.sequential(tasks: sample.tasks, teams: sample.teams),
    ] {
      for round in 0..<4 {
        var generator = SplitMix64(seed: UInt64(1000 * seed + round))
        let slowness = sample.teams.map { _ in round == 0 ? 1 : Double.random(in: 0.2...5, using: &generator) }
        #expect(Self.play(schedule, teams: sample.teams) { slowness[$0] } != nil)
      }
    }
  }

  @Test("all teams are busy to the end", arguments: [(100, 128), (16, 8), (17, 8), (3, 2), (2, 5), (1, 7)])
  func balance(tasks: Int, teams: Int) throws {
    var generator = SplitMix64(seed: 7)
    let work = (0..<tasks).map { _ in
      let count = Int.random(in: 100...300, using: &generator)
      return EstimationSchedule.Work(
        blocks: (0..<count).map { (index: $0, work: Double.random(in: 0.8...1.2, using: &generator)) })
    }
    let ranks = (0..<teams).map { _ in Int.random(in: 1...4, using: &generator) }
    let end = try #require(
      Self.play(EstimationSchedule(tasks: work, teams: ranks), teams: ranks) { _ in 1 })
    let ideal = work.reduce(0) { $0 + $1.total } / Double(ranks.reduce(0, +))
    // A team may have one block more than its share.
    #expect(end <= ideal + 1.2, "\(end) for \(ideal)")
  }

  @Test("a piece that is too small stays with its neighbour")
  func smallestPart() {
    let tasks = [10, 10, 10].map { count in EstimationSchedule.Work(blocks: (0..<count).map { ($0, 1.0) }) }
    let schedule = EstimationSchedule(tasks: tasks, teams: [1, 1], smallestPart: 6)
    #expect(schedule.parts.flatMap { $0 }.count == 3, "no task is cut")
    let cut = EstimationSchedule(tasks: tasks, teams: [1, 1], smallestPart: 4)
    #expect(cut.parts.flatMap { $0 }.count == 4)
  }

  @Test("faster teams get more to do, and all are done at the same time", arguments: 0..<20)
  func capacities(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let tasks = (0..<30).map { _ in
      EstimationSchedule.Work(blocks: (0..<100).map { ($0, Double.random(in: 0.8...1.2, using: &generator)) })
    }
    let capacities = (0..<9).map { _ in Double.random(in: 1...3, using: &generator) }
    let schedule = EstimationSchedule(tasks: tasks, capacities: capacities)
    check(schedule, tasks, capacities.map { _ in 1 })
    let ideal = tasks.reduce(0) { $0 + $1.total } / capacities.reduce(0, +)
    for (team, finishes) in schedule.finishes(capacities: capacities).enumerated() {
      #expect(abs((finishes.last ?? 0) - ideal) <= 1.3 / capacities[team])
    }
  }

  @Test("equal capacities give the schedule of equal ranks", arguments: 0..<20)
  func equalCapacities(seed: Int) {
    let sample = Case(seed: seed)
    let plain = EstimationSchedule(tasks: sample.tasks, teams: sample.teams, smallestPart: sample.smallestPart)
    let apt = EstimationSchedule(
      tasks: sample.tasks, capacities: sample.teams.map { 4 * Double($0) }, smallestPart: sample.smallestPart)
    #expect(plain == apt)
  }
}
