/// The page's one style sheet.
enum PageStyle {
  static let text = """
    :root{color-scheme:light dark;--paper:#f6f4ef;--card:#fffefb;--ink:#1f1e1b;--soft:#6a665d;--line:#e3dfd5;--code:#f0ece2;--focus:#1f6feb;
    --native:#3d6fa8;--migrated:#2e8a68;--silent:#b8892b;--on_v4:#cc4a33;
    --k0:#2f5d8c;--k1:#d0833b;--k2:#4a9a7c;--k3:#9b5c8f;--k4:#b9a03c;--k5:#9a968b}
    @media(prefers-color-scheme:dark){:root{--paper:#131416;--card:#1b1d20;--ink:#ebe8e1;--soft:#a09b91;--line:#303236;--code:#26282c;--focus:#6ea8ff;
    --native:#6f9fd6;--migrated:#54b894;--silent:#d8ab4f;--on_v4:#ee7a62;
    --k0:#6f9fd6;--k1:#e7a15d;--k2:#63bd9b;--k3:#c68abb;--k4:#d8c264;--k5:#8b8880}}
    *{box-sizing:border-box}
    [hidden]{display:none!important}
    html{background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
    body{margin:0 auto;max-width:76rem;padding:0 1.25rem 3rem}
    h1,h2,h3,p,ul,ol,dl,dd,figure{margin:0;padding:0}
    h1{font-size:clamp(1.7rem,4.4vw,2.7rem);line-height:1.12;letter-spacing:-.022em;font-weight:700;text-wrap:balance}
    h2{font-size:1.05rem;letter-spacing:-.005em;margin-bottom:.9rem}
    h3{font-size:.9rem;margin:1.2rem 0 .5rem}
    code,.cmd{font:0.84em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
    code{overflow-wrap:anywhere}
    small{color:var(--soft);font-size:.8em;white-space:nowrap}
    .skip{position:absolute;left:-99rem}
    .skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem;z-index:9}
    .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
    :focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:4px}
    .top{display:flex;flex-wrap:wrap;gap:.4rem 1.5rem;align-items:center;justify-content:space-between;padding:1.1rem 0;color:var(--soft);font-size:.875rem}
    .brand{display:flex;gap:.6rem;align-items:center;font-weight:600;color:var(--ink)}
    .dot4{fill:var(--on_v4)}.dot5{fill:var(--migrated)}.way{fill:none;stroke:var(--soft);stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
    .live{border:1px solid var(--line);border-radius:99px;padding:.1rem .6rem;margin-right:.4rem}
    .live.on{color:var(--migrated);border-color:currentColor}
    .live.on::before{content:"";display:inline-block;width:.5em;height:.5em;border-radius:50%;background:currentColor;margin-right:.45em}
    .live.off{color:var(--silent)}
    main{display:grid;gap:1.1rem}
    .verdict{padding:1.6rem 0 1.3rem}
    .verdict h1::before{content:"";display:inline-block;width:.42em;height:.42em;border-radius:50%;margin-right:.42em;vertical-align:.14em;background:var(--on_v4)}
    .verdict.ready h1::before{background:var(--migrated)}
    .lead{font-size:1.1rem;color:var(--soft);margin-top:.7rem}
    .card .lead{margin:0}
    .note{margin-top:.6rem;color:var(--silent)}
    .phases{display:flex;flex-wrap:wrap;list-style:none;margin-top:1.5rem;gap:.25rem}
    .phases li{flex:1 1 7rem;border-top:3px solid var(--line);padding:.45rem 0 0;font-size:.875rem;color:var(--soft)}
    .phases .past{border-color:var(--soft)}
    .phases .now{border-color:var(--ink);color:var(--ink);font-weight:650}
    .phases .now::after{content:" · now";font-weight:400;color:var(--soft)}
    .card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.25rem 1.35rem 1.35rem;min-width:0}
    .pair{display:grid;gap:1.1rem;grid-template-columns:repeat(2,minmax(0,1fr))}
    .pair.flush{gap:1.1rem 2.2rem;grid-template-columns:minmax(0,2fr) minmax(0,1fr)}
    .quiet{color:var(--soft);font-size:.9rem}
    .big{display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:baseline}
    .big strong{font-size:2rem;letter-spacing:-.02em;line-height:1.15;font-variant-numeric:tabular-nums;white-space:nowrap}
    .big span{color:var(--soft)}
    .bar{display:block;width:100%;height:.85rem;border-radius:99px;margin:.9rem 0 1.1rem;background:var(--code)}
    .f-native{fill:var(--native)}.f-migrated{fill:var(--migrated)}.f-silent{fill:var(--silent)}.f-on_v4{fill:var(--on_v4)}
    .tiles{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:1rem}
    .tile{border-left:3px solid var(--c);padding-left:.8rem}
    .tile.native,.badge.native,.chip.native{--c:var(--native)}.tile.migrated,.badge.migrated,.chip.migrated{--c:var(--migrated)}
    .tile.silent,.badge.silent,.chip.silent{--c:var(--silent)}.tile.on_v4,.badge.on_v4,.chip.on_v4{--c:var(--on_v4)}
    .tile dt{font-weight:600;font-size:.9rem}
    .tile b{display:block;font-size:1.7rem;line-height:1.2;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
    .tile span{font-size:.82rem;color:var(--soft);line-height:1.35;display:block}
    .cmd{display:block;width:fit-content;max-width:100%;background:var(--code);border-radius:7px;padding:.3rem .6rem;margin-top:.4rem;overflow-wrap:anywhere;position:relative}
    footer .cmd,p .cmd{display:inline;padding:.15rem .4rem}
    .copy{margin-left:.7rem;font:inherit;font-family:system-ui,sans-serif;color:var(--soft);background:none;border:0;padding:0 .2rem;cursor:pointer}
    .copy:hover{color:var(--ink)}
    .steps{list-style:none;counter-reset:step;display:grid;gap:1rem}
    .steps li{counter-increment:step;padding-left:2.1rem;position:relative;overflow-wrap:anywhere}
    .steps li::before{content:counter(step);position:absolute;left:0;top:.05rem;width:1.5rem;height:1.5rem;border-radius:50%;background:var(--code);font-size:.8rem;font-weight:600;display:grid;place-items:center;font-variant-numeric:tabular-nums}
    .gates{list-style:none;display:grid;gap:.85rem}
    .gates li{display:grid;grid-template-columns:1.5rem minmax(0,1fr);gap:.6rem}
    .gates p{color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
    .mark{width:1.5rem;height:1.5rem;border-radius:50%;display:grid;place-items:center;font-size:.8rem;font-weight:700;color:var(--card)}
    .open .mark{background:var(--migrated)}.shut .mark{background:var(--on_v4)}
    .chart{margin-top:1.1rem}
    .plot{display:grid;grid-template-columns:auto 1fr;gap:.7rem}
    .scale{display:flex;flex-direction:column;justify-content:space-between;text-align:right;font-size:.75rem;line-height:1;color:var(--soft);font-variant-numeric:tabular-nums;min-width:1.6rem;margin:-.35em 0}
    .plot svg{display:block;width:100%;height:13rem;overflow:visible}
    .grid{stroke:var(--line);fill:none;vector-effect:non-scaling-stroke}
    .day:hover rect{opacity:.75}
    rect.k0{fill:var(--k0)}rect.k1{fill:var(--k1)}rect.k2{fill:var(--k2)}rect.k3{fill:var(--k3)}rect.k4{fill:var(--k4)}rect.k5{fill:var(--k5)}
    i.k0{background:var(--k0)}i.k1{background:var(--k1)}i.k2{background:var(--k2)}i.k3{background:var(--k3)}i.k4{background:var(--k4)}i.k5{background:var(--k5)}
    .axis{display:flex;justify-content:space-between;font-size:.75rem;color:var(--soft);margin-top:.4rem;font-variant-numeric:tabular-nums}
    .chart .axis{padding-left:2.3rem}
    .legend{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;font-size:.84rem;margin-top:.8rem;overflow-wrap:anywhere}
    .legend i{display:inline-block;width:.75em;height:.75em;border-radius:3px;margin-right:.45em}
    .counts{list-style:none;display:grid;gap:.35rem;font-size:.9rem;overflow-wrap:anywhere}
    .counts.line{display:flex;flex-wrap:wrap;gap:.3rem 1.6rem;margin-bottom:.8rem;color:var(--soft)}
    .counts b{font-variant-numeric:tabular-nums;color:var(--ink)}
    .band{display:block;width:100%;height:1.25rem;margin-top:1rem}
    .rail{fill:var(--line)}.span{fill:var(--native);opacity:.45}.mid{fill:var(--native)}
    .forecast p{margin-bottom:.4rem}
    .axis+.quiet{margin-top:.7rem}
    .quiet+.quiet{margin-top:.5rem}
    .timeline{list-style:none;border-left:2px solid var(--line);margin-left:.4rem;display:grid;gap:.75rem}
    .timeline li{padding-left:1.1rem;position:relative;font-size:.92rem;overflow-wrap:anywhere}
    .timeline li::before{content:"";position:absolute;left:calc(-.35rem - 1px);top:.5em;width:.7rem;height:.7rem;border-radius:50%;background:var(--soft);box-shadow:0 0 0 3px var(--card)}
    .timeline .ahead::before{background:var(--card);border:2px solid var(--soft)}
    .timeline .now::before{background:var(--on_v4)}
    .timeline time{display:block;font-size:.8rem;color:var(--soft);font-variant-numeric:tabular-nums}
    .more{margin-top:.8rem}
    summary{cursor:pointer;font-size:.9rem;color:var(--soft);padding:.25rem 0}
    summary b{color:var(--ink)}
    .scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
    table{border-collapse:collapse;width:100%;font-size:.9rem}
    th,td{text-align:left;padding:.45rem .9rem .45rem 0;border-bottom:1px solid var(--line);vertical-align:top}
    th:last-child,td:last-child{padding-right:0}
    thead th{color:var(--soft);font-weight:500;font-size:.8rem;white-space:nowrap;vertical-align:bottom}
    tbody th{font-weight:500}
    .figures td,.figures thead th:not(:first-child),.figure{text-align:right;font-variant-numeric:tabular-nums}
    .figures td.text{text-align:left}.figures thead th:last-child:nth-child(5){text-align:left}.figures td.text,.figures thead th:last-child:nth-child(5){padding-left:.9rem}
    .figures code,.figures th{white-space:nowrap}
    .nil{color:var(--soft)}
    tfoot th,tfoot td{border-bottom:0;font-weight:650}
    .agents{min-width:56rem}
    .agents th[scope=row]{max-width:17rem;overflow-wrap:anywhere}
    .agents td{font-variant-numeric:tabular-nums;white-space:nowrap}
    .agents code{overflow-wrap:normal}
    .uses span{display:block;color:var(--soft)}
    .uses code{color:var(--ink)}
    .badge{display:inline-flex;align-items:center;gap:.45em;white-space:nowrap}
    .badge::before,.chip::before{content:"";width:.6em;height:.6em;border-radius:50%;background:var(--c)}
    .tools{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center;margin-bottom:.7rem}
    .tools label{font-size:.9rem;font-weight:500}
    input{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:.4rem .7rem;min-width:0;width:min(18rem,100%)}
    .chips{display:flex;flex-wrap:wrap;gap:.4rem}
    button{font:inherit;color:inherit;cursor:pointer}
    .chip{display:inline-flex;align-items:center;gap:.45em;background:none;border:1px solid var(--line);border-radius:99px;padding:.28rem .75rem;font-size:.86rem}
    .chip[aria-pressed=false]{opacity:.5;text-decoration:line-through}
    .sort{background:none;border:0;padding:0;font:inherit;color:inherit;text-align:inherit;white-space:nowrap}
    .sort::after{content:"↕";opacity:.35;margin-left:.35em}
    th[aria-sort=ascending] .sort::after{content:"↑";opacity:1}th[aria-sort=descending] .sort::after{content:"↓";opacity:1}
    th[aria-sort] .sort{color:var(--ink);font-weight:650}
    #shown{margin-bottom:.4rem}
    #more,form button{margin-top:.9rem;background:var(--code);border:0;border-radius:8px;padding:.5rem 1rem}
    footer{color:var(--soft);font-size:.875rem;margin-top:1.6rem}
    .locked{min-height:80vh;align-content:center;justify-content:center}
    .locked .card{max-width:34rem}.locked h1{font-size:1.5rem;margin-bottom:.7rem}.locked p{margin:.5rem 0}
    @media(max-width:52rem){.pair,.pair.flush{grid-template-columns:minmax(0,1fr)}.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}}
    @media(max-width:40rem){body{padding:0 .8rem 2rem}.card{padding:1.05rem 1rem 1.1rem;border-radius:12px}.verdict{padding:.8rem .2rem .6rem}.plot svg{height:10rem}.phases{flex-direction:column;gap:0}.phases li{flex:none;border-top:0;border-left:3px solid var(--line);padding:.2rem 0 .2rem .7rem}.axis span:nth-child(even){display:none}}
    @media(prefers-reduced-motion:no-preference){.bar rect{transition:width .5s,x .5s}}
    @media print{body{max-width:none}.card{break-inside:avoid}.tools,.copy,#more,.live{display:none!important}}
    """
}
