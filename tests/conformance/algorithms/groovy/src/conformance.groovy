import java.util.stream.IntStream

def load() {
    if (new File('/algorithm/fail_load.txt').exists()) throw new IllegalStateException('no model')
    [count: 0]
}

def apply(input, state) {
    switch (input instanceof Map ? input['do'] : null) {
        case null: return input
        case 'text': return 'tëxt 🍎'
        case 'bytes': return [0, -1, 10, -128] as byte[]
        case 'count': return ++state.count
        case 'raise': throw new IllegalArgumentException('deliberate 🍎')
        case 'exit': Runtime.runtime.halt(3)
        case 'loop': while (true) Thread.onSpinWait()
        case 'stream': return IntStream.rangeClosed(1, input.count)
        case 'print': return printMuch(input.mebibytes)
        case 'hog': return hog()
        default: 2000.times { new ProcessBuilder('sleep', '60').start() }
    }
}

def printMuch(mebibytes) {
    new ProcessBuilder('echo', 'from a child').inheritIO().start().waitFor()
    (mebibytes * 1024).times { println('x' * 1023) }
    'printed'
}

def hog() {
    def held = []
    while (true) held << new byte[1 << 20]
}
