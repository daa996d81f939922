/** The page's stylesheet, which the build hands over as text. */
declare module '*.css' {
  const text: string;
  export default text;
}
