;; One fd_write of eighteen bytes, without any language's runtime.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\12\00\00\00") ;; an iovec: address 16, size 18
  (data (i32.const 16) "Hello from a .wat\n")
  (func (export "_start")
    (drop (call $fd_write
      (i32.const 1)     ;; standard output
      (i32.const 0)     ;; iovecs
      (i32.const 1)     ;; how many
      (i32.const 8))))) ;; where to put the number of bytes written
