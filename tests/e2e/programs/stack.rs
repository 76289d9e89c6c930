// Names that are mangled, by both of Rust's schemes.
mod shapes {
    pub struct Stack<T> {
        pub items: Vec<T>,
    }
    impl<T: Copy> Stack<T> {
        #[inline(never)]
        pub fn take(&mut self, n: usize) -> T {
            pick(&self.items, n) // line 9
        }
    }
    #[inline(never)]
    fn pick<T: Copy>(items: &[T], n: usize) -> T {
        if n > items.len() {
            std::process::abort(); // line 15
        }
        items[n]
    }
}

fn main() {
    let mut stack = shapes::Stack { items: vec![1u64, 2, 3] };
    let n = std::env::args().count() + 6;
    println!("{}", stack.take(n)); // line 24
}
