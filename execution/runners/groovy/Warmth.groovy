package agora.runner

/** What many algorithms are made of, run once while nobody waits: Groovy looks long for anything that it meets first. */
class Warmth implements Runnable {
    void run() {
        def input = [do: 'text', values: [1, 2.5, null, true]]
        def total = 0
        input.values.each { if (it instanceof Number) total += it }
        def state = [count: 0]
        def text = "${input['do']} ${++state.count} ${total > 1 ? input.values.size() : 'none'}".toString()
        switch (text instanceof String ? text : null) {
            case null: return
            case 'text': println(text)
        }
        new File('/tmp').exists()
    }
}
