import Exchange
import Testing

struct SparesTests {
    @Test func `what was given is taken again, the last one first, and no more than the limit is kept`() {
        var spares = Spares<Int>(limit: 2)
        #expect(spares.take() == nil)
        #expect([1, 2, 3].map { spares.give($0) } == [true, true, false])
        #expect([spares.take(), spares.take(), spares.take()] == [2, 1, nil])
    }

    @Test func `what was not needed since the last time is let go of`() {
        var spares = Spares<Int>(limit: 10)
        for element in 0..<6 { spares.give(element) }
        #expect(spares.letGo() == [], "they were all in use a moment ago")
        let used = [spares.take(), spares.take()].compactMap(\.self)
        for element in used { spares.give(element) }
        #expect(spares.letGo() == [0, 1, 2, 3])
        #expect(Set(spares.letGo()) == [4, 5])
        #expect(spares.take() == nil)
    }
}
